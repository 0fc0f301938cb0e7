"""Has a port's own names of a listener and of a datagram socket, as a server has before the port leads there."""

import socket
import sys

names = [(socket.SOCK_STREAM, ".80@127.0.0.1"), (socket.SOCK_DGRAM, ".53u@127.0.0.1")]
sockets = []
for kind, name in names:
    sockets.append(socket.socket(socket.AF_UNIX, kind))
    sockets[-1].bind(f"{sys.argv[1]}/{name}")
sockets[0].listen()
print("ready", flush=True)
sys.stdin.read()
