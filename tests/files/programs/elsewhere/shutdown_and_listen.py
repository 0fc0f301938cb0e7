import socket

from facts import fact
from place import at, served, serving, there

server = serving()
server.shutdown(socket.SHUT_RDWR)
fact("there when shut down", there())
server.listen()
fact("there when it listens", there())
fact("its name is the port's", server.getsockname() == at)
fact("a client is", served(server))
