import os
import threading

from facts import fact
from place import served, serving, there

server = serving()
child = os.fork()
if child == 0:
    threading.Event().wait()
server.close()
os.kill(child, 9)
os.waitpid(child, 0)
fact("there when the child is killed", there())
server = serving()
fact("the next one", served(server))
server.close()
fact("there when closed", there())
