import os
import socket

from facts import fact
from handed import bind, new

keep = [os.dup(3), os.dup(4), os.dup(5)]
os.close(3)
os.dup2(os.open("/dev/null", os.O_RDWR), 4)
os.dup2(socket.socket().detach(), 5)
fact("bind where it was closed", bind(new(), port=8000))
fact("bind where it is another file", bind(new(), port=8001))
fact("bind where it is another socket", bind(new(), port=8002))
