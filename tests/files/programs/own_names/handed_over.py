import os
import socket
import sys

from addresses import bound, listening, names

servers = [listening("127.0.0.1"), listening("127.0.0.2"), bound("127.0.0.1"), bound("127.0.0.2")]
here, there = socket.socketpair(socket.AF_UNIX)
os.set_inheritable(there.fileno(), True)
child = os.fork()
if child == 0:
    for server in servers:
        server.close()
    program = """
import os, socket, sys
_, fds, _, _ = socket.recv_fds(socket.socket(fileno=int(sys.argv[1])), 10, 4)
for server in [socket.socket(fileno=fd) for fd in fds]:
    address = server.getsockname()
    client = socket.socket(socket.AF_INET, server.type)
    client.connect(address)
    client.send(b"?")
    if server.type == socket.SOCK_STREAM:
        peer, name = server.accept()
        print(address, peer.getsockname() == address, name == client.getsockname(), client.getpeername() == address)
        peer.close()
    else:
        data, name = server.recvfrom(10)
        server.sendto(b"!", name)
        print(address, client.recvfrom(10)[1] == address, name == client.getsockname(), client.getpeername() == address)
    client.close()
    server.close()
"""
    os.execv(sys.executable, [sys.executable, "-c", program, str(there.fileno())])
there.close()
socket.send_fds(here, [b"!"], [server.fileno() for server in servers])
for server in servers:
    server.close()
os.waitpid(child, 0)
print(names())
