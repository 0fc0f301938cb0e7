"""
One of COUNT workers, all with a server at port 3000: waits until each has tried to bind, and is its own client.

    worker.py NAME COUNT
"""

import os
import socket
import sys
import time

name, count = sys.argv[1], int(sys.argv[2])
server = socket.socket()
try:
    server.bind(("127.0.0.1", 3000))
    server.listen()
finally:
    os.makedirs("there", exist_ok=True)
    open(f"there/{name}", "w", encoding="ascii").close()
deadline = time.monotonic() + 60
while len(os.listdir("there")) < count:
    assert time.monotonic() < deadline, "not all workers are there"
    time.sleep(0.01)
client = socket.create_connection(("127.0.0.1", 3000))
served, address = server.accept()
assert address == client.getsockname()
served.sendall(name.encode())
assert client.recv(99).decode() == name
os.write(1, f"{name} {os.environ['UNSOCK_DIR']}\n".encode())
