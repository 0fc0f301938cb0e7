"""Binds ADDRESS:PORT by TCP or UDP, listens, prints "ready" and accepts nobody: PORT tcp|udp [ADDRESS]."""

import socket
import sys
import time

port, kind = int(sys.argv[1]), sys.argv[2]
server = socket.socket(type=socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
server.bind((sys.argv[3] if len(sys.argv) > 3 else "127.0.0.1", port))
if kind == "tcp":
    server.listen(5)
print("ready", flush=True)
time.sleep(600)
