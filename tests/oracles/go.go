// Copyright (c) 2026, the infosec.principles authors
// SPDX-License-Identifier: GPL-3.0-or-later
// golang.org/x/mod/semver (Debian: golang-golang-x-mod-dev): reads pairs, writes how they compare.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/semver"
)

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		pair := strings.Split(lines.Text(), "\t")
		if semver.IsValid("v"+pair[0]) && semver.IsValid("v"+pair[1]) {
			fmt.Println(semver.Compare("v"+pair[0], "v"+pair[1]))
		} else {
			fmt.Println("!")
		}
	}
}
