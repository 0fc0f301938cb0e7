"""Whoever only ends what he says hears the answer, even when it comes after another one's end who was gone for good."""

import os
import socket
import sys
import time

PORT, PLACE = int(sys.argv[1]), "/proc/%s/fd/" % sys.argv[2]


def connected():
    while True:
        try:
            return socket.create_connection(("127.0.0.1", PORT), timeout=60)
        except ConnectionRefusedError:
            time.sleep(0.02)


def is_socket(path):
    try:
        return os.readlink(path).startswith("socket:")
    except FileNotFoundError:
        return False  # closed meanwhile


def sockets():
    return sum(is_socket(PLACE + name) for name in os.listdir(PLACE))


with connected() as client:
    client.sendall(b"ask")
    client.shutdown(socket.SHUT_WR)
    with connected() as gone:
        gone.sendall(b"go")
        print(gone.recv(100).decode(), flush=True)
    print(b"".join(iter(lambda: client.recv(100), b"")).decode(), flush=True)
limit = time.monotonic() + 60
while sockets() > 1 and time.monotonic() < limit:
    time.sleep(0.02)
print(sockets(), "listens")
