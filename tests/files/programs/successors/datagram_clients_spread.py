import socket

from facts import fact
from servers import Server, TYPE, ask, names


def who():
    answers = set()
    for i in range(40):
        client = socket.socket(socket.AF_INET, TYPE)
        client.settimeout(60)
        said = set()
        for i in range(3):
            client.sendto(b"?", ("127.0.0.1", 9042))
            said.add(client.recv(10).decode())
        assert len(said) == 1, said
        answers |= said
    return sorted(answers)


one, two, three = (Server(name) for name in ("one", "two", "three"))
fact("answered by", who())
fact("one without the option binds", Server("other", options=()).bound)
three.close()
fact("when the third has closed", who())
two.close(kill=True)
fact("when the second was killed", who())
two = Server("two")
fact("when there is another second", who())
one.close()
fact("when the first has closed", who())
two.close()
fact("when all have gone", ask())
fact("names left", names())
