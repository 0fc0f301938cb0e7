import socket

from handed import bind, new

print(bind(new()), bind(new(), port=8001), bind(new(), port=8002))
print(bind(new(socket.SOCK_DGRAM), port=8003))
