import select
import sys

from connecting import address, error, name, s

wait = sys.argv[2]
s.setblocking(False)
poll, edges = select.poll(), select.epoll()
edges.register(s, select.EPOLLOUT | (select.EPOLLET if wait == "edges" else 0))
print(name(s.connect_ex(address)))
poll.register(s, select.POLLOUT)
if wait == "poll":
    print(poll.poll(30000)[0][1] & select.POLLERR != 0, error())
elif wait == "select":
    print(select.select([], [s], [], 30)[1] == [s], error())
else:
    print(edges.poll(30)[0][1] & select.EPOLLERR != 0, error())
