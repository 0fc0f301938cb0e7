import os
import signal

from addresses import links, listening, names, reached, refused


def killed(address):
    child = os.fork()
    if child == 0:
        with listening(address):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)


first = listening("127.0.0.1")
killed("127.0.0.2")
print(links(), refused("127.0.0.2"))
second = listening("127.0.0.2")
print(links(), reached([first, second], "127.0.0.2"))
first.close(), second.close()
killed("127.0.0.1")
print(names(), refused("127.0.0.1"))
first = listening("127.0.0.3")
print(names(), links(), reached([first], "127.0.0.3"))
