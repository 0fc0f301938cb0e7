import os
import socket

from facts import fact
from place import bound, path, plain, there

for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
    server = bound(kind)
    os.unlink(path)
    other = plain(kind)
    server.close()
    fact(f"{kind.name}: another that lives is there", there())
    os.unlink(path)
    server = bound(kind)
    if kind == socket.SOCK_DGRAM:
        server.connect(("127.0.0.1", 9))
    os.unlink(path)
    plain(kind).close()
    server.close()
    fact(f"{kind.name}: another that was left is there", there())
    os.unlink(path)
