import ctypes
import socket

from facts import fact
from place import at, bound, there

server = bound(socket.SOCK_DGRAM)
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for time in "first", "second", "last":
    client.sendto(b"x", at)
    sender = server.recvfrom(1)[1]
    server.sendto(b"y", sender)
    fact(f"{time}: the client hears", client.recv(1))
    fact(f"{time}: there", there())
    server.connect(sender)
    if time == "last":
        break
    ctypes.CDLL(None).connect(server.fileno(), bytes(16), 16)
server.close()
fact("there when closed", there())
