from facts import fact
from servers import Server, ask, names


def who(address="127.0.0.1"):
    return sorted({ask(address) for i in range(40)})


one, two, three = (Server(name) for name in ("one", "two", "three"))
fact("answered by", who())
fact("one without the option binds", Server("other", options=()).bound)
three.close()
fact("when the third has closed", who())
two.close(kill=True)
fact("when the second was killed", who())
two = Server("two", listens=False)
fact("when another second is bound", who())
two.listen()
fact("when that listens", who())
one.close()
fact("when the first has closed", who())
two.close()
fact("when all have gone", ask())
fact("names left", names())
