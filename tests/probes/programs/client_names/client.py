"""Not under unsock: binds the abstract names of its standard input, hexadecimal, one by one."""

import socket
import sys

for line in sys.stdin:
    client = socket.socket(socket.AF_UNIX)
    client.bind(b"\0" + bytes.fromhex(line))
    client.connect(sys.argv[1])
    print(client.makefile().read())
    client.close()
