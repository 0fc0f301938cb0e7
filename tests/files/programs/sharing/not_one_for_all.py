import os
import socket

from facts import fact

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 2001))
if os.fork() == 0:
    other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.close()
    try:
        other.bind(("127.0.0.1", 2001))
    except OSError as error:
        fact("another process binds", error.errno)
    os._exit(0)
os.wait()
