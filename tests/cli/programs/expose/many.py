"""So many connections at once, each answered in the end, and none of them by another's answer."""

import resource
import socket
import sys

resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
clients = [socket.create_connection(("127.0.0.1", int(sys.argv[1]))) for _ in range(int(sys.argv[2]))]
for number, client in enumerate(clients):
    client.sendall(b"x" * (number + 1))
for client in clients:
    client.shutdown(socket.SHUT_WR)
print(
    all(
        client.recv(100).decode() == "%s:%d %d" % (*client.getsockname(), number + 1)
        for number, client in enumerate(clients)
    )
)
