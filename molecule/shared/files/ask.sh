#!/bin/sh
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What a client asks the databases, and what they answer: ask.sh ADDRESS-OF-DB ADDRESS-OF-CACHE
answer() { # name, command...
    name=$1
    shift
    echo "$name: $("$@" 2>&1 | tr -d '\r' | paste -s -d ' ')"
}

page() {
    printf 'set page 0 60 5\r\nhello\r\nget page\r\nquit\r\n' | nc -w 2 "$1" 11211
}

export PGPASSWORD=orders PGCONNECT_TIMEOUT=2
answer postgresql psql -XqAt "host=$1 user=orders dbname=orders" -c 'SELECT item FROM orders'
answer mariadb mariadb --connect-timeout=2 -h "$1" -u orders -porders -BNe 'SELECT item FROM orders' orders
answer redis timeout 2 redis-cli -h "$1" GET session
answer memcached page "$1"
answer valkey timeout 2 redis-cli -h "$2" GET price
