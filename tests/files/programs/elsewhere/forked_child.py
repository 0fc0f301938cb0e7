import os

from place import served, serving, there

server = serving()
for ends in lambda: (server.close(), os.kill(os.getpid(), 9)), lambda: os._exit(0), lambda: os.closerange(3, 100):
    child = os.fork()
    if child == 0:
        ends()
        os._exit(0)
    os.waitpid(child, 0)
    print(there(), served(server))
