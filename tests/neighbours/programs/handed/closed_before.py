import os
import socket

from handed import bind, new

keep = [os.dup(3), os.dup(4), os.dup(5)]
os.close(3)
os.dup2(os.open("/dev/null", os.O_RDWR), 4)
os.dup2(socket.socket().detach(), 5)
print([bind(new(), port=port) for port in (8000, 8001, 8002)])
