#!/bin/sh
# Copyright (c) 2026, the infosec.principles authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A container as Docker makes it, without Docker: a network namespace with a web server, and the rules that Docker 20 to 28
# writes for `docker run -p 8080:80`, over IPv4 and IPv6.
set -eu
mount -o remount,rw /proc/sys # which an engine makes read-only
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.default.disable_ipv6=0

ip netns add container
ip netns exec container sysctl -qw net.ipv6.conf.all.disable_ipv6=0
ip link add docker0 type bridge
ip address add 172.31.0.1/16 dev docker0
ip address add fd00:0:0:31::1/64 dev docker0 nodad
ip link add veth0 type veth peer name eth0 netns container
ip link set veth0 master docker0 up
ip link set docker0 up
ip -n container link set lo up
ip -n container address add 172.31.0.2/16 dev eth0
ip -n container address add fd00:0:0:31::2/64 dev eth0 nodad
ip -n container link set eth0 up
ip -n container route add default via 172.31.0.1
ip -n container -6 route add default via fd00:0:0:31::1

publish() { # iptables program, network, the container's address, the same as a target
    "$1-restore" --noflush <<RULES
*nat
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s $2 ! -o docker0 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination $4:80
COMMIT
*filter
:DOCKER - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A DOCKER -d $3 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
-A DOCKER-USER -j RETURN
COMMIT
RULES
}
publish iptables 172.31.0.0/16 172.31.0.2/32 172.31.0.2
publish ip6tables fd00:0:0:31::/64 fd00:0:0:31::2/128 '[fd00:0:0:31::2]'
exec ip netns exec container python3 -m http.server --bind :: 80 --directory /srv
