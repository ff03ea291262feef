// Copyright (c) 2026, the infosec.principles authors
// SPDX-License-Identifier: GPL-3.0-or-later
// node-semver (npm install semver): reads pairs, writes how they compare.
const semver = require("semver");
for (const line of require("fs").readFileSync(0, "utf8").trimEnd().split("\n")) {
  const [one, other] = line.split("\t");
  console.log(semver.valid(one) && semver.valid(other) ? semver.compare(one, other) : "!");
}
