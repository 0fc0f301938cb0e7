import os
import socket
import sys

from addresses import bound, listening, names
from facts import fact


def tell(server):
    address = server.getsockname()
    client = socket.socket(socket.AF_INET, server.type)
    client.connect(address)
    client.send(b"?")
    if server.type == socket.SOCK_STREAM:
        peer, name = server.accept()
        answers = peer.getsockname()
    else:
        peer = None
        name = server.recvfrom(10)[1]
        server.sendto(b"!", name)
        answers = client.recvfrom(10)[1]
    kind = "stream" if server.type == socket.SOCK_STREAM else "datagrams"
    sees = name == client.getsockname() and client.getpeername() == address
    fact(f"{kind} at {address[0]}", {"answers by its address": answers == address, "both see each other": sees})
    for one in peer, client, server:
        if one is not None:
            one.close()


if len(sys.argv) > 1:
    _, fds, _, _ = socket.recv_fds(socket.socket(fileno=int(sys.argv[1])), 10, 4)
    for server in [socket.socket(fileno=fd) for fd in fds]:
        tell(server)
    os._exit(0)
servers = [listening("127.0.0.1"), listening("127.0.0.2"), bound("127.0.0.1"), bound("127.0.0.2")]
here, there = socket.socketpair(socket.AF_UNIX)
os.set_inheritable(there.fileno(), True)
child = os.fork()
if child == 0:
    for server in servers:
        server.close()
    os.execv(sys.executable, [sys.executable, "-c", sys.orig_argv[2], str(there.fileno())])
there.close()
socket.send_fds(here, [b"!"], [server.fileno() for server in servers])
for server in servers:
    server.close()
os.waitpid(child, 0)
fact("names left", names())
