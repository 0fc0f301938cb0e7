"""Listens as it is told, line by line: `bind`, then `listen`, then `close`."""

import socket
import sys

s = socket.socket()
for line in sys.stdin:
    line = line.strip()
    if line == "bind":
        s.bind(("127.0.0.1", 8000))
    if line == "listen":
        s.listen()
    if line == "close":
        s.close()
    print(line, flush=True)
