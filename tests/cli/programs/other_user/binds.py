import socket

try:
    socket.socket().bind(("127.0.0.1", 20993))
except OSError as error:
    print(error.errno)
