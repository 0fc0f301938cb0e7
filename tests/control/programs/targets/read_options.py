"""Reads the greeting, then waits in vain for as long as SO_RCVTIMEO says."""

import errno
import socket
import sys
import time

from facts import fact

client = socket.socket()
client.connect(("127.0.0.1", int(sys.argv[1])))
for name in ("SO_RCVBUF", "SO_PRIORITY", "SO_KEEPALIVE"):
    fact(name, client.getsockopt(socket.SOL_SOCKET, getattr(socket, name)))
fact("greeting", client.recv(100))
start = time.monotonic()
try:
    client.recv(100)
except OSError as error:
    fact("then", errno.errorcode[error.errno])
    fact("after SO_RCVTIMEO", 0.04 < time.monotonic() - start < 20)
