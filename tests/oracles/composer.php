<?php
// Copyright (c) 2026, the infosec.principles authors
// SPDX-License-Identifier: GPL-3.0-or-later
// composer/semver (Debian: php-composer-semver): reads pairs, writes how they compare. A branch has no place in the order.
require "Composer/Semver/autoload.php";
use Composer\Semver\Comparator;
$parser = new Composer\Semver\VersionParser();
while (($line = fgets(STDIN)) !== false) {
    try {
        [$one, $other] = array_map([$parser, "normalize"], explode("\t", rtrim($line, "\n")));
        $branch = str_starts_with($one, "dev-") || str_starts_with($other, "dev-");
        echo $branch ? "!" : Comparator::greaterThan($one, $other) - Comparator::lessThan($one, $other), "\n";
    } catch (UnexpectedValueException $error) {
        echo "!\n";
    }
}
