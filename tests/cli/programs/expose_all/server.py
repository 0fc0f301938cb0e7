"""Says which port it has, to everybody."""

import socket
import sys

server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
while True:
    client, _ = server.accept()
    client.sendall(b"port %d" % server.getsockname()[1])
    client.close()
