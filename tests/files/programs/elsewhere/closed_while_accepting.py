import os
import socket
import threading

from facts import fact
from place import at, served, serving, there, waits

server = serving()
thread = threading.Thread(target=server.accept)
thread.start()
while not waits(thread):
    pass
os.close(server.detach())
fact("there while it waits", there())
client = socket.create_connection(at)
thread.join()
server = serving()
fact("the next one", served(server))
server.close()
fact("there when closed", there())
