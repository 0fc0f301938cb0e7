"""A client with an SO_SNDTIMEO of so many milliseconds."""

import errno
import socket
import struct
import sys
import time

client = socket.socket()
value = int(sys.argv[2])
client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("qq", value // 1000, value % 1000 * 1000))
begun = time.monotonic()
print(errno.errorcode[client.connect_ex(("127.0.0.1", int(sys.argv[1])))], round((time.monotonic() - begun) * 1000))
