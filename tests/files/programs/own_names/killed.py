import os
import signal

from addresses import links, listening, names, reached, refused
from facts import fact


def killed(address):
    child = os.fork()
    if child == 0:
        with listening(address):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)


first = listening("127.0.0.1")
killed("127.0.0.2")
fact("links with a killed one", links())
fact("its address", refused("127.0.0.2"))
second = listening("127.0.0.2")
fact("links with another in its place", links())
fact("its address reaches", reached([first, second], "127.0.0.2"))
first.close(), second.close()
killed("127.0.0.1")
fact("names with a killed one alone", names())
fact("its address alone", refused("127.0.0.1"))
first = listening("127.0.0.3")
fact("names with another address", names())
fact("links with another address", links())
fact("that reaches", reached([first], "127.0.0.3"))
