import socket

from facts import fact
from handed import bind, new

fact("stream, where a connection was handed over", bind(new()))
fact("stream, where a datagram socket was", bind(new(), port=8001))
fact("stream, where a listener was", bind(new(), port=8002))
fact("datagrams, where a listener was", bind(new(socket.SOCK_DGRAM), port=8003))
