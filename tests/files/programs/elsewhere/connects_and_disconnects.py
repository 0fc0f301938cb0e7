import ctypes
import socket

from place import at, bound, there

server = bound(socket.SOCK_DGRAM)
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for closes in False, False, True:
    client.sendto(b"x", at)
    sender = server.recvfrom(1)[1]
    server.sendto(b"y", sender)
    print(client.recv(1), there())
    server.connect(sender)
    if closes:
        break
    ctypes.CDLL(None).connect(server.fileno(), bytes(16), 16)
server.close()
print(there())
