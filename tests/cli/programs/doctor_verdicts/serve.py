"""Binds 127.0.0.1:PORT by TCP (or UDP with the argument "udp"), listens, prints "ready" and accepts nobody."""

import socket
import sys
import time

port, kind = int(sys.argv[1]), sys.argv[2]
server = socket.socket(type=socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
server.bind(("127.0.0.1", port))
if kind == "tcp":
    server.listen(5)
print("ready", flush=True)
time.sleep(600)
