import os
import socket
import threading

from place import at, serving, there, waits

server = serving()
thread = threading.Thread(target=server.accept)
thread.start()
while not waits(thread):
    pass
os.close(server.detach())
print(there())
client = socket.create_connection(at)
thread.join()
