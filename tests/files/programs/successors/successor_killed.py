from facts import fact
from servers import Server, ask

one, two = Server("one"), Server("two")
two.close(kill=True)
fact("when the second was killed", ask())
two = Server("two")
two.close(kill=True)
fact("one without the option binds", Server("other", options=()).bound)
fact("when another second was killed", ask())
three = Server("three")
one.close(kill=True)
fact("when there is a third, and the first was killed", ask())
three.close()
fact("when all have gone", ask())
