import os
import sys

from place import served, serving, there

if len(sys.argv) == 2:
    server = serving()
    server.set_inheritable(True)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:], str(server.fileno())])
os.close(int(sys.argv[2]))
print(there())
server = serving()
print(served(server))
server.close()
print(there())
