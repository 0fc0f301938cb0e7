import socket

from place import bound, there

for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
    server = bound(kind)
    print(there())
    server.close()
    print(there())
