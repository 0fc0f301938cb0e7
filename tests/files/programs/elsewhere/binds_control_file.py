import os
import socket

from place import PORT, there

control = os.environ["UNSOCK_DIR"] + "/%d.sock" % PORT
for _ in range(2):
    server = socket.socket(socket.AF_UNIX)
    server.bind(control)
    server.listen()
    print(there())
    server.close()
    print(there(), os.stat(control).st_size)
