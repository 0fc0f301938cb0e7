import os
import socket

from servers import bound, child, ended, heard, listening, names, say

servers = [listening("1.2.3.4", 1234), listening("1.2.3.5", 1234)]
datagrams = [bound(address, 1234, socket.SOCK_DGRAM) for address in ("1.2.3.4", "1.2.3.5")]
before = names()
print(ended(child(lambda: os.closerange(3, 65536))), names() == before)
for server in servers:
    address = server.getsockname()[0]
    say(address, 1234, address.encode())
    print(heard(server))
