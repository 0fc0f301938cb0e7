import os

from facts import fact
from place import serving, there

ways = {
    "close": os.close,
    "dup2": lambda fd: os.dup2(0, fd),
    "close_range": lambda fd: os.closerange(fd, fd + 1),
}
for how, last in ways.items():
    server = serving()
    copies = [os.dup(server.fileno()) for _ in range(3)]
    server.close()
    os.close(copies[0])
    os.dup2(0, copies[1])
    fact(f"{how}: there before the last", there())
    last(copies[2])
    fact(f"{how}: there", there())
