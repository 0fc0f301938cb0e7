import socket

from facts import fact
from servers import Server, TYPE, ask

options = (socket.SO_REUSEADDR,)
client = socket.socket(socket.AF_INET, TYPE)
client.settimeout(60)


def again():
    client.sendto(b"?", ("127.0.0.1", 9042))
    return client.recv(10).decode()


one = Server("one", options=options)
fact("the first", [again(), ask()])
two = Server("two", options=options)
three = Server("three", options=options)
fact("the third", [again(), ask()])
fact("one without the option binds", Server("other").bound)
three.close()
fact("when that has closed", [again(), ask()])
two.close(kill=True)
fact("when the second was killed", [again(), ask()])
two = Server("two", options=options)
one.close()
fact("when there is another second, and the first has closed", [again(), ask()])
two.close()
fact("when all have gone", ask())
