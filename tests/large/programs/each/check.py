"""
One worker's test, of any runner: this process listens at port 3000, waits until all workers have tried, and asks its own server. Each
worker leaves a file in "there" with its directory.

    check.py NAME
"""

import os
import socket
import sys
import time

COUNT = 4


def check(name):
    server = socket.socket()
    try:
        server.bind(("127.0.0.1", 3000))
        server.listen()
    finally:
        os.makedirs("there", exist_ok=True)
        with open(f"there/{name}", "w", encoding="utf-8") as file:
            file.write(os.environ.get("UNSOCK_DIR", ""))
    deadline = time.monotonic() + 120
    while len(os.listdir("there")) < COUNT:
        assert time.monotonic() < deadline, "not all workers are there"
        time.sleep(0.01)
    client = socket.create_connection(("127.0.0.1", 3000))
    served, _ = server.accept()
    served.sendall(name.encode())
    assert client.recv(9).decode() == name


if __name__ == "__main__":
    check(sys.argv[1])
