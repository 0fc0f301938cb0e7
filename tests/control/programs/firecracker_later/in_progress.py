import select

from connecting import address, attempt, name, s
from facts import fact

s.setblocking(False)
fact("connect", name(s.connect_ex(address)))
fact("connect once more", name(s.connect_ex(address)))
poll, edges = select.poll(), select.epoll()
poll.register(s, select.POLLIN | select.POLLOUT)
edges.register(s, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
fact("poll", poll.poll(20))
fact("epoll", edges.poll(0.02))
fact("getpeername", attempt(s.getpeername))
fact("send", attempt(s.send, b"x"))
fact("recv", attempt(s.recv, 1))
