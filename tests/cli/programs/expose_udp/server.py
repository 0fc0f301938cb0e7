"""Answers with whom it sees, and what was said; "slow" is not read on for a moment, and "forged" is printed."""

import socket
import sys
import time

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", int(sys.argv[1])))
print("ready", server.getsockname()[1], flush=True)
while True:
    data, address = server.recvfrom(65536)
    if b"forged" in data:
        print("forged", flush=True)
    if data == b"slow":
        time.sleep(0.05)
    server.sendto(b"%s:%d " % (address[0].encode(), address[1]) + data, address)
