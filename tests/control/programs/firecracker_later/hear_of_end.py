import select
import sys

from connecting import address, error, name, s
from facts import fact

wait = sys.argv[2]
s.setblocking(False)
poll, edges = select.poll(), select.epoll()
edges.register(s, select.EPOLLOUT | (select.EPOLLET if wait == "edges" else 0))
fact("connect", name(s.connect_ex(address)))
poll.register(s, select.POLLOUT)
if wait == "poll":
    fact("told", poll.poll(30000)[0][1] & select.POLLERR != 0)
elif wait == "select":
    fact("told", select.select([], [s], [], 30)[1] == [s])
else:
    fact("told", edges.poll(30)[0][1] & select.EPOLLERR != 0)
fact("error", error())
fact("connect then", [name(s.connect_ex(address)) for _ in range(2)])
