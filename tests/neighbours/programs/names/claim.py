"""Not under unsock: connects with a name of its own making."""

import socket
import sys

client = socket.socket(socket.AF_UNIX)
client.bind(b"\0unsock " + sys.argv[2].encode())
client.connect(sys.argv[1])
print(client.makefile().read(), end="")
