"""What connecting to each path says."""

import errno
import os
import socket
import sys

for name in sorted(os.listdir(sys.argv[1])):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        client = socket.socket(socket.AF_UNIX, kind)
        try:
            client.connect(sys.argv[1] + "/" + name)
            print(name, "connected")
        except OSError as error:
            print(name, errno.errorcode[error.errno])
