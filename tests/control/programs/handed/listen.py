import os
import select
import socket

from facts import fact
from handed import DIR, listen, new, plain, served

fd = new()
fact("bound", listen(fd))
fact("bound again", listen(new()))
fact("name", fd.getsockname())
fd.shutdown(socket.SHUT_RDWR)
fd.listen()
fact("served after shutdown and listen", served(fd) is not None)
fd.close()
client = plain(os.path.dirname(DIR) + "/t")
fact("bound after close", listen(new()))
fact("a plain client waits there", select.select([3], [], [], 10)[0] == [3])
