"""Reads the greeting, then waits in vain for as long as SO_RCVTIMEO says."""

import errno
import socket
import sys
import time

client = socket.socket()
client.connect(("127.0.0.1", int(sys.argv[1])))
option = lambda name: client.getsockopt(socket.SOL_SOCKET, name)
print(option(socket.SO_RCVBUF), option(socket.SO_PRIORITY), option(socket.SO_KEEPALIVE))
print(client.recv(100))
start = time.monotonic()
try:
    client.recv(100)
except OSError as error:
    print(errno.errorcode[error.errno], 0.04 < time.monotonic() - start < 20)
