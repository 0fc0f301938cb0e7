import os

from facts import fact
from place import served, serving, there

server = serving()
ends = {
    "closes and is killed": lambda: (server.close(), os.kill(os.getpid(), 9)),
    "exits": lambda: os._exit(0),
    "closes all": lambda: os.closerange(3, 100),
}
for how, end in ends.items():
    child = os.fork()
    if child == 0:
        end()
        os._exit(0)
    os.waitpid(child, 0)
    fact(f"{how}: there", there())
    fact(f"{how}: a client is", served(server))
