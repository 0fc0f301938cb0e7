"""Binds, is refused, and closes, on several addresses of one port."""

import os
import socket
import sys

kind = getattr(socket, sys.argv[1])


def server(address):
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    try:
        made.bind((address, 9042))
    except OSError:
        return made.close()
    if kind == socket.SOCK_STREAM:
        made.listen()
    return made


servers = {}
for change in sys.argv[2].split():
    os.access("/change/" + change, os.F_OK)
    if change[0] == "+":
        servers[change[1:]] = server(change[1:])
    else:
        servers.pop(change[1:]).close()
os.access("/change/", os.F_OK)
