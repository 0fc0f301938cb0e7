import socket

from addresses import links, listening, names, reached, refused

listeners = [listening(address) for address in ("127.0.0.1", "127.0.0.2")]
print(links())
waiting = socket.create_connection(("127.0.0.2", 9042))
listeners.pop(0).close()
print(names(), links(), refused("127.0.0.1"))
peer, name = listeners[0].accept()
print(name == waiting.getsockname(), reached(listeners, "127.0.0.2"))
listeners.append(listening("127.0.0.1"))
print(names(), links(), reached(listeners, "127.0.0.1"), reached(listeners, "127.0.0.2"))
try:
    listening("127.0.0.2")
except OSError as error:
    print(error.errno)
listeners.pop().close()
print(names(), links())
