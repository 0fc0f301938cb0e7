import socket

from addresses import links, listening, names, reached, refused
from facts import fact

listeners = [listening(address) for address in ("127.0.0.1", "127.0.0.2")]
fact("links", links())
waiting = socket.create_connection(("127.0.0.2", 9042))
listeners.pop(0).close()
fact("names when the first has gone", names())
fact("links then", links())
fact("its address then", refused("127.0.0.1"))
peer, name = listeners[0].accept()
fact("who waited is accepted", name == waiting.getsockname())
fact("127.0.0.2 reaches then", reached(listeners, "127.0.0.2"))
listeners.append(listening("127.0.0.1"))
fact("names when it is back", names())
fact("links when it is back", links())
fact("both reach", [reached(listeners, "127.0.0.1"), reached(listeners, "127.0.0.2")])
try:
    listening("127.0.0.2")
except OSError as error:
    fact("the other one again", error.errno)
listeners.pop().close()
fact("names at the end", names())
fact("links at the end", links())
