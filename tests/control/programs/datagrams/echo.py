"""An echo server that knows nothing of unsock, at a path or at an IP port that it prints; it says who asked first."""

import socket
import sys

path = sys.argv[1]
server = socket.socket(socket.AF_INET if path == "inet" else socket.AF_UNIX, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", int(sys.argv[2])) if path == "inet" else path)
print("listening", server.getsockname()[1] if path == "inet" else path, flush=True)
while True:
    message, sender = server.recvfrom(65536)
    server.sendto(b"echo " + message, sender)
