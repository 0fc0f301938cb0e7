import select
import socket
import sys

from connecting import address, error, name, s

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
print(name(s.connect_ex(address)))
print(len(waits[wait]()), error(), name(s.connect_ex(address)), name(s.connect_ex(address)))
s.setblocking(True)
s.sendall(b"ping\n")
s.shutdown(socket.SHUT_WR)
print(s.getpeername(), s.makefile().read().split())
