# sshd that nobody has used for a year: wtmp holds a real record of the last login, and the boots since.
# iptables is what Docker writes its rules with.
FROM infosec-base:11
RUN apt-get install -qq -y --no-install-recommends iptables nftables openssh-server >/dev/null \
 && apt-get clean
RUN python3 -c "\
import struct, time;\
record = lambda kind, line, user, host, days: struct.pack('hi32s4s32s256shhiii16s20x', kind, 1, line, b'', user, host, 0, 0, 0, int(time.time()) - days * 86400, 0, b'');\
open('/var/log/wtmp', 'wb').write(record(7, b'pts/0', b'root', b'192.0.2.9', 365) + record(2, b'~', b'reboot', b'', 300))"
