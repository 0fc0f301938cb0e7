from servers import Server, ask

one, two = Server("one"), Server("two")
two.close(kill=True)
print(ask())
two = Server("two")
two.close(kill=True)
print(Server("other", options=()).bound, ask())
three = Server("three")
one.close(kill=True)
print(ask())
three.close()
print(ask())
