import os
import select
import sys

from connecting import address, error, name, s
from facts import fact

s.setblocking(False)
fact("connect", name(s.connect_ex(address)))
answered, tell = os.pipe()
who = "the parent" if os.fork() != 0 else "the child"
if who != sys.argv[2]:
    os.read(answered, 1)
poll = select.poll()
poll.register(s, select.POLLOUT)
fact(f"{who}: events", len(poll.poll(30_000)))
fact(f"{who}: error", error())
if who == sys.argv[2]:
    os.write(tell, b"1")
else:
    s.setblocking(True)
    fact("read", s.makefile().readline())
if who == "the parent":
    fact("the child ends", os.wait()[1])
