"""A client with one limit of its own, in milliseconds where its option has a unit."""

import errno
import socket
import struct
import sys
import time

client = socket.socket()
option, value = sys.argv[2], int(sys.argv[3])
if option == "SO_SNDTIMEO":
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("qq", value // 1000, value % 1000 * 1000))
else:
    client.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
begun = time.monotonic()
print(errno.errorcode[client.connect_ex(("127.0.0.1", int(sys.argv[1])))], round((time.monotonic() - begun) * 1000))
