import socket

from facts import fact
from handed import bind, new, served

aware = socket.socket(fileno=3)
fact("its name", aware.getsockname())
fact("bind of its address", bind(new()))
fact("bind of all addresses", bind(new(), "0.0.0.0"))
fact("served", served(aware))
