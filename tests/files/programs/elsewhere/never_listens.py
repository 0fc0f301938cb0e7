import socket

from facts import fact
from place import bound, there

for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
    server = bound(kind)
    fact(f"{kind.name}: there", there())
    server.close()
    fact(f"{kind.name}: there when closed", there())
