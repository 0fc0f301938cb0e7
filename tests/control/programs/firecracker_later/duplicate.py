import os
import select
import socket
import sys

from connecting import address, name, s
from facts import fact

s.setblocking(False)
fact("connect", name(s.connect_ex(address)))
other = os.dup(s.fileno())
number = s.detach()
{
    "close": lambda: os.close(number),
    "dup2": lambda: os.dup2(0, number),
    "close_range": lambda: os.closerange(number, number + 1),
}[sys.argv[2]]()
poll = select.poll()
poll.register(other, select.POLLOUT)
fact("events", len(poll.poll(30_000)))
d = socket.socket(fileno=other)
fact("error", name(d.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)))
d.setblocking(True)
fact("read", d.recv(6).decode() if sys.argv[3] == "answer" else None)
