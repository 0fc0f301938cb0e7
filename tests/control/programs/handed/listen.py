import os
import select
import socket

from handed import DIR, listen, new, plain, served

fd = new()
print(listen(fd), listen(new()), fd.getsockname())
fd.shutdown(socket.SHUT_RDWR)
print(fd.listen(), served(fd) is not None)
fd.close()
client = plain(os.path.dirname(DIR) + "/t")
print(listen(new()), select.select([3], [], [], 10)[0])
