"""Sends to a server that is not there yet, is there, and has gone: UDP takes all that."""

import os
import socket
import sys

from facts import fact

target, path = ("127.0.0.1", int(sys.argv[1])), sys.argv[2]
with socket.socket(type=socket.SOCK_DGRAM) as client:
    fact("not yet", [client.sendto(b"early", target) for _ in range(2)])
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(path)
        fact("there", client.sendto(b"now", target))
        fact("it hears", server.recv(100))
    fact("stale", [client.sendto(b"late", target) for _ in range(2)])
    os.unlink(path)
    fact("gone", [client.sendto(b"later", target) for _ in range(2)])
