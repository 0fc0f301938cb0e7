from facts import fact
from servers import Server, ask

one = Server("one")
two = Server("two", listens=False)
fact("before the second listens", [ask(), ask(), ask()])
two.listen()
fact("when it listens", sorted({ask() for i in range(40)}))
three = Server("three", listens=False)
two.close()
fact("when it has closed, and a third is bound", [ask(), ask(), ask()])
one.close()
fact("when the first has closed", ask())
three.listen()
fact("when the third listens", ask())
three.close()
