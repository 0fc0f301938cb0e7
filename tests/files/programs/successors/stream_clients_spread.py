from servers import Server, ask, names


def who(address="127.0.0.1"):
    return sorted({ask(address) for i in range(40)})


one, two, three = (Server(name) for name in ("one", "two", "three"))
print(who(), Server("other", options=()).bound)
three.close()
print(who())
two.close(kill=True)
print(who())
two = Server("two", listens=False)
print(who())
two.listen()
print(who())
one.close()
print(who())
two.close()
print(ask(), names())
