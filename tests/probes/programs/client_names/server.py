"""An IPv6 server, for IPv4 too: prints both addresses of each connection, as numbers."""

import socket
import sys

listener = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)
print("ready", flush=True)


def told(name):
    return socket.inet_pton(socket.AF_INET6, name[0]).hex() + ":%04x" % name[1]


while True:
    connection, peer = listener.accept()
    assert peer == connection.getpeername()
    connection.sendall((told(peer) + " " + told(connection.getsockname())).encode())
    connection.close()
