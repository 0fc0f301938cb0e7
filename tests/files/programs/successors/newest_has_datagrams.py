import socket

from servers import Server, TYPE, ask

options = (socket.SO_REUSEADDR,)
client = socket.socket(socket.AF_INET, TYPE)
client.settimeout(10)


def again():
    client.sendto(b"?", ("127.0.0.1", 9042))
    return client.recv(10).decode()


one = Server("one", options=options)
print(again(), ask())
two = Server("two", options=options)
three = Server("three", options=options)
print(again(), ask(), Server("other").bound)
three.close()
print(again(), ask())
two.close(kill=True)
print(again(), ask())
two = Server("two", options=options)
one.close()
print(again(), ask())
two.close()
print(ask())
