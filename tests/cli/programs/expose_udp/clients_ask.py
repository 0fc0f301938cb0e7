"""Each asks from a socket of its own, all at once; what comes must be the answer to what it asked."""

import socket
import sys

clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(int(sys.argv[2]))]
for number, client in enumerate(clients):
    client.settimeout(60)
    client.connect(("127.0.0.1", int(sys.argv[1])))
    client.send(b"number %d" % number)
answers = [client.recv(65536).decode() for client in clients]
port_is_told = len(sys.argv) == 3
print(
    all(
        (
            (answer == "127.0.0.1:%d number %d" % (client.getsockname()[1], number))
            if port_is_told
            else answer.endswith(" number %d" % number)
        )
        for number, (client, answer) in enumerate(zip(clients, answers))
    )
    or answers
)
