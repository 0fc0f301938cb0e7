import os
import socket

from place import bound, there

server = bound(socket.SOCK_DGRAM)
print(there(), flush=True)
os._exit(0)
