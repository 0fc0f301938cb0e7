import select

from connecting import address, attempt, name, s

s.setblocking(False)
print(name(s.connect_ex(address)), name(s.connect_ex(address)))
poll, edges = select.poll(), select.epoll()
poll.register(s, select.POLLIN | select.POLLOUT)
edges.register(s, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
print(poll.poll(20), edges.poll(0.02))
print(attempt(s.getpeername), attempt(s.send, b"x"), attempt(s.recv, 1))
