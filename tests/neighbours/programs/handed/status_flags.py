import os

from handed import listen, new

fds = [new(), new(family=6)]
fds[0].setblocking(False)
fds[1].setblocking(True)
print(listen(fds[0]), listen(fds[1], "::1"), os.get_blocking(fds[0].fileno()))
