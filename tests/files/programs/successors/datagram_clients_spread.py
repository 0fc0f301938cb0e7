import socket

from servers import Server, TYPE, ask, names


def who():
    answers = set()
    for i in range(40):
        client = socket.socket(socket.AF_INET, TYPE)
        client.settimeout(10)
        said = set()
        for i in range(3):
            client.sendto(b"?", ("127.0.0.1", 9042))
            said.add(client.recv(10).decode())
        assert len(said) == 1, said
        answers |= said
    return sorted(answers)


one, two, three = (Server(name) for name in ("one", "two", "three"))
print(who(), Server("other", options=()).bound)
three.close()
print(who())
two.close(kill=True)
print(who())
two = Server("two")
print(who())
one.close()
print(who())
two.close()
print(ask(), names())
