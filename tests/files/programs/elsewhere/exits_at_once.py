import os
import socket

from facts import fact
from place import bound, there

server = bound(socket.SOCK_DGRAM)
fact("there", there())
os._exit(0)
