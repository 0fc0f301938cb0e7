import socket

from facts import fact
from handed import listen, new

fd = new()
fact("listen", listen(fd))
fact("name", fd.getsockname())
fd.close()
client = socket.create_connection(("127.0.0.1", 8000))
fd = new()
fact("listen again, on all addresses", listen(fd, "0.0.0.0"))
fact("name then", fd.getsockname())
fact("accepts who came meanwhile", fd.accept()[1] == client.getsockname())
