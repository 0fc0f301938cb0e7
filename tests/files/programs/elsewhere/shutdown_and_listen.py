import socket

from place import at, served, serving, there

server = serving()
server.shutdown(socket.SHUT_RDWR)
print(there())
server.listen()
print(there(), server.getsockname() == at, served(server))
