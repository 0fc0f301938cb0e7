"""As socat's UDP4-LISTEN with fork does."""

import os
import socket

from facts import fact


def bind():
    fd = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fd.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    fd.bind(("127.0.0.1", 2001))
    fd.settimeout(60)
    return fd


clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for i in range(3)]
for i, client in enumerate(clients):
    client.settimeout(60)
    server = bind()
    client.connect(("127.0.0.1", 2001))
    client.send(b"first")
    server.connect(server.recvfrom(9)[1])
    if os.fork() == 0:
        server.send(b"%d " % i + server.recv(9))
        os._exit(0)
    server.close()
for i, client in reversed(list(enumerate(clients))):
    client.send(b"second")
    fact(f"client {i} hears", client.recv(9))
for client in clients:
    os.wait()
