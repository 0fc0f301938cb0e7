"""What a client of each address says to the kernel about one connection, or one datagram."""

import os
import socket
import sys

kind = getattr(socket, sys.argv[1])


def server(address):
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    made.bind((address, 9042))
    if kind == socket.SOCK_STREAM:
        made.listen()
    return made


servers = [server(address) for address in sys.argv[2].split()]
for address in sys.argv[3].split():
    client = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)
    os.access("/client/" + address, os.F_OK)
    client.connect_ex((address, 9042))
    os.access("/client/", os.F_OK)
    client.close()
