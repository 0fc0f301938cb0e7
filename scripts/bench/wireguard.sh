#!/bin/sh
# Sends by TCP through a tunnel between two wireguard-go processes, and prints iperf3's result in JSON.
#
# Usage: wireguard.sh HOLDER NAME SECONDS COMMAND…; COMMAND NAMEa and COMMAND NAMEb start the two wireguard-go, both in
# the network of the process HOLDER. Each end of the tunnel is in another network of its own.
set -eu
holder=$1 name=$2 seconds=$3
shift 3
work=$(mktemp -d)
processes=
trap 'kill $processes 2>/dev/null || :; wait; rm -rf "$work"' EXIT
for end in a b; do
    "$@" "$name$end" >"$work/log" 2>&1 &
    processes="$processes $!"
    unshare --net sleep 120 &
    processes="$processes $!"
    eval "network_$end=$!"
done
for end in a b; do
    for i in $(seq 100); do [ -S "/run/wireguard/$name$end.sock" ] && break || sleep 0.1; done
    (umask 77 && wg genkey >"$work/$end")
    wg pubkey <"$work/$end" >"$work/$end.pub"
done
set_up() { # END, NETWORK, PORT, ADDRESS; of the peer: END, PORT, ADDRESS
    wg set "$name$1" private-key "$work/$1" listen-port "$3" \
        peer "$(cat "$work/$5.pub")" endpoint "127.0.0.1:$6" allowed-ips "$7/32"
    nsenter --net="/proc/$holder/ns/net" ip link set "$name$1" netns "$2"
    nsenter --net="/proc/$2/ns/net" sh -c "ip addr add $4/24 dev $name$1 && ip link set $name$1 mtu 1420 up && ip link set lo up"
}
set_up a "$network_a" 51820 10.9.0.1 b 51821 10.9.0.2
set_up b "$network_b" 51821 10.9.0.2 a 51820 10.9.0.1
nsenter --net="/proc/$network_b/ns/net" iperf3 -s -1 >"$work/server" 2>&1 &
processes="$processes $!"
for i in $(seq 100); do grep -q ':1451 ' "/proc/$network_b/net/tcp6" && break || sleep 0.1; done
nsenter --net="/proc/$network_a/ns/net" timeout $((seconds + 8)) iperf3 -c 10.9.0.2 -t "$seconds" -J
