import os

from facts import fact
from handed import listen, new

fds = [new(), new(family=6)]
fds[0].setblocking(False)
fds[1].setblocking(True)
fact("listen", [listen(fds[0]), listen(fds[1], "::1")])
fact("the first one blocks", os.get_blocking(fds[0].fileno()))
