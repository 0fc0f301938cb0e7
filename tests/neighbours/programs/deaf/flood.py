"""A server that answers clients of whom none reads; tells for how many seconds it did."""

import socket
import sys
import time

deaf, blocking = int(sys.argv[1]), sys.argv[2] == "blocking"
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 2001))
clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(deaf)]
for client in clients:
    client.sendto(b"?", ("127.0.0.1", 2001))
    server.recvfrom(1)
server.setblocking(blocking)
begun = time.monotonic()
for _ in range(1600):
    for client in clients:
        assert server.sendto(bytes(100), client.getsockname()) == 100
print(time.monotonic() - begun)
