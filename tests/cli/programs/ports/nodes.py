"""Servers, each on an address of its own, which come one after the other."""

import socket
import sys

nodes = []
for line in sys.stdin:
    port, address, kind = line.split()
    node = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, getattr(socket, kind))
    if kind == "SOCK_STREAM" and address == "::":
        node.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    node.bind((address, int(port)))
    if kind == "SOCK_STREAM":
        node.listen()
    nodes.append(node)
    print("ready", flush=True)
