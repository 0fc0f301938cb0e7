import os
import sys

from facts import fact
from place import served, serving, there

if len(sys.argv) == 2:
    server = serving()
    server.set_inheritable(True)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:], str(server.fileno())])
os.close(int(sys.argv[2]))
fact("there after exec", there())
server = serving()
fact("the next one", served(server))
server.close()
fact("there when closed", there())
