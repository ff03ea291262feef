
"use strict";
(() => {
  const form = document.getElementById("filters");
  const findings = [...document.querySelectorAll(".finding")];
  const boxes = [...document.querySelectorAll(".rule, .principle")];
  const texts = new Map();
  const textOf = (item) => {
    if (!texts.has(item)) texts.set(item, (item.textContent + " " + item.closest(".rule").id).toLowerCase());
    return texts.get(item);
  };
  const hosts = [...new Set(findings.map((item) => item.dataset.host))].sort();
  for (const name of hosts) form.elements.host.append(new Option(name, name));

  const wanted = (item, values) =>
    (!values.host || item.dataset.host === values.host) &&
    (!values.principle || item.dataset.principle === values.principle) &&
    (!values.status || values.status.split(" ").includes(item.dataset.status)) &&
    (!values.risk || item.dataset.risk === values.risk) &&
    (!values.text || textOf(item).includes(values.text.toLowerCase()));

  const filter = () => {
    const values = Object.fromEntries(new FormData(form));
    const filtering = Object.values(values).some(Boolean);
    let shown = 0;
    for (const item of findings) {
      item.hidden = !wanted(item, values);
      if (!item.hidden) shown += 1;
    }
    for (const box of boxes) box.hidden = filtering && !box.querySelector(".finding:not([hidden])");
    document.getElementById("shown").textContent = `${shown} of ${findings.length} findings shown`;
    document.getElementById("nothing").hidden = shown > 0 || !filtering;
  };

  const fold = document.getElementById("unfold");
  fold.addEventListener("click", () => {
    const open = fold.textContent === "Open all";
    for (const item of findings) if (!item.hidden) item.open = open;
    fold.textContent = open ? "Close all" : "Open all";
  });
  for (const kind of ["input", "change"]) form.addEventListener(kind, filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  form.hidden = false;
  filter();
})();
