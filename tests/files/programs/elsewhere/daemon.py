import os

from facts import fact
from place import served, serving, there

server = serving()
ready, go = os.pipe()
if os.fork() > 0:
    os._exit(0)
os.close(go)
os.read(ready, 1)
fact("there", there())
fact("a client is", served(server))
