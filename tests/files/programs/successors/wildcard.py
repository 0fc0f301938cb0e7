from servers import Server, ask

first, one, two = Server("first", "127.0.0.2"), Server("one"), Server("two")
print(ask("127.0.0.2"), sorted({ask() for i in range(40)}), ask("127.0.0.3"))
any = Server("any", "0.0.0.0")
print(any.bound, ask("127.0.0.2"), sorted({ask() for i in range(40)}), ask("127.0.0.3"))
two.close()
print(ask())
any.close()
one.close()
print(ask("127.0.0.2"), ask())
first.close()
print(ask())
