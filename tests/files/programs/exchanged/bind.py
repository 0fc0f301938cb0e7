"""Binds and closes until it has been in the right directory so often, and as often in the other one. It starts in the right one, whose name is known from then on."""

import socket

print("ready", flush=True)
bound = taken = 0
while bound < 500 or taken < 500:
    with socket.socket() as server:
        try:
            server.bind(("127.0.0.1", 8080))
            bound += 1
        except OSError:
            taken += 1
print("done")
