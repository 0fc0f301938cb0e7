"""Answers with what was said; prints "fed" when it has heard of "forged" many times."""

import socket
import sys

MANY = 500

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
heard = 0
while True:
    data, address = server.recvfrom(65536)
    heard += data == b"forged"
    if heard == MANY:
        print("fed", flush=True)
    server.sendto(data, address)
