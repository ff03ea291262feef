// Copyright (c) 2026, the infosec.principles authors
// SPDX-License-Identifier: GPL-3.0-or-later
// Cargo's own crate semver (Debian: librust-semver-dev): reads pairs, writes how they compare by precedence.
use semver::{BuildMetadata, Error, Version};
use std::io::BufRead;

fn parse(text: &str) -> Result<Version, Error> {
    Version::parse(text).map(|version| Version { build: BuildMetadata::EMPTY, ..version })
}

fn main() {
    for line in std::io::stdin().lock().lines() {
        let text = line.unwrap();
        let pair: Vec<_> = text.split('\t').map(parse).collect();
        match (&pair[0], &pair[1]) {
            (Ok(one), Ok(other)) => println!("{}", one.cmp(other) as i8),
            _ => println!("!"),
        }
    }
}
