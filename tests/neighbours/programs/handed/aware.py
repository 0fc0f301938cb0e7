import socket

from handed import bind, new, served

aware = socket.socket(fileno=3)
print(aware.getsockname(), bind(new()), bind(new(), "0.0.0.0"), served(aware))
