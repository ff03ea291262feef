# A plain machine; the inventory says that it leaves the building.
FROM infosec-base:12
