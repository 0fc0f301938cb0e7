"""Answers each line of a client with the same in capitals, in a child for each connection. `once`: in this process."""

import os
import socket
import sys

server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
while True:
    client, _ = server.accept()
    if len(sys.argv) == 2 and os.fork() != 0:
        client.close()
        continue
    while line := client.recv(65536):
        client.sendall(line.upper())
    client.close()
    if len(sys.argv) == 2:
        os._exit(0)
