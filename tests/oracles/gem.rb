# Copyright (c) 2026, the infosec.principles authors
# SPDX-License-Identifier: GPL-3.0-or-later
# Gem::Version of Ruby's own library: reads pairs, writes how they compare.
STDIN.each_line(chomp: true) do |line|
  pair = line.split("\t")
  puts(pair.all? { |one| Gem::Version.correct?(one) } ? Gem::Version.new(pair[0]) <=> Gem::Version.new(pair[1]) : "!")
end
