from facts import fact
from servers import Server, ask

first, one, two = Server("first", "127.0.0.2"), Server("one"), Server("two")


def answers():
    return {
        "127.0.0.1": sorted({ask() for i in range(40)}),
        "127.0.0.2": ask("127.0.0.2"),
        "127.0.0.3": ask("127.0.0.3"),
    }


fact("without a wildcard", answers())
any = Server("any", "0.0.0.0")
fact("the wildcard binds", any.bound)
fact("with it", answers())
two.close()
fact("when the second has closed", ask())
any.close()
one.close()
fact("when all of the address have", ask())
fact("another address then", ask("127.0.0.2"))
first.close()
fact("when all have gone", ask())
