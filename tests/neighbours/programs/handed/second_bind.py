import os

from facts import fact
from handed import bind, listen, new, served

fds = [new() for i in range(4)] + [new(family=6)]
fact("the address", listen(fds[0]))
fact("the address again", listen(fds[1]))
fact("all addresses", listen(fds[2], "0.0.0.0"))
fact("another address", listen(fds[3], "127.0.0.2"))
fact("another family's", listen(fds[4], "::1"))
fact("names", [fds[i].getsockname()[:2] for i in (0, 3, 4)])
for fd in fds:
    fd.close()
fds = [new(reuseport=True) for i in range(2)]
fact("two with SO_REUSEPORT", [listen(fd) for fd in fds])
fact("one without", bind(new()))
fact("both serve", [served(fd) for fd in fds])
if os.fork() == 0:
    fact("a child's with SO_REUSEPORT", bind(new(reuseport=True)))
    fact("a child's without", bind(new()))
else:
    os.wait()
