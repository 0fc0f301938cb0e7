"""A suite of tests in one: a server on a port, and a client that asks it who it is, once the other suite is there, too."""

import os
import socket
import sys
import threading
import time

name, other = sys.argv[1:]
server = socket.create_server(("127.0.0.1", 8000))


def serve():
    while True:
        client, _ = server.accept()
        client.sendall(name.encode())
        client.close()


threading.Thread(target=serve, daemon=True).start()
open(name, "w").close()
while not os.path.exists(other):
    time.sleep(0.01)
for _ in range(50):
    with socket.create_connection(("127.0.0.1", 8000)) as client:
        assert client.recv(100) == name.encode()
print(name)
