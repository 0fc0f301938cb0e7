import os
import socket

from facts import fact
from servers import bound, child, ended, heard, listening, names, say

servers = [listening("1.2.3.4", 1234), listening("1.2.3.5", 1234)]
datagrams = [bound(address, 1234, socket.SOCK_DGRAM) for address in ("1.2.3.4", "1.2.3.5")]
before = names()
fact("the child ends", ended(child(lambda: os.closerange(3, 65536))))
fact("the names stay", names() == before)
for server in servers:
    address = server.getsockname()[0]
    say(address, 1234, address.encode())
    fact(address, heard(server))
