import select
import socket
import sys

from connecting import address, error, name, s
from facts import fact

s.setblocking(False)
wait = sys.argv[2]
waits = {
    "poll": lambda: (p := select.poll(), p.register(s, select.POLLOUT), p.poll(30000))[2],
    "epoll": lambda: (p := select.epoll(), p.register(s, select.EPOLLOUT), p.poll(30))[2],
    "edges": lambda: edges.poll(30),
    "select": lambda: select.select([], [s], [], 30)[1],
}
edges = select.epoll()
if wait == "edges":
    edges.register(s, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
fact("connect", name(s.connect_ex(address)))
fact("events", len(waits[wait]()))
fact("error", error())
fact("connect then", name(s.connect_ex(address)))
fact("connect once more", name(s.connect_ex(address)))
# Before both sides have ended the connection: TCP then reports no peer.
fact("peer", s.getpeername())
s.setblocking(True)
s.sendall(b"ping\n")
s.shutdown(socket.SHUT_WR)
fact("read", s.makefile().read().split())
