import os
import select
import socket
import sys

from facts import fact
from outcomes import outcome
from port_files import files

d = os.environ["UNSOCK_DIR"] + "/"
kinds = {"stream": socket.SOCK_STREAM, "datagram": socket.SOCK_DGRAM, "seqpacket": socket.SOCK_SEQPACKET}
kind = kinds[sys.argv[1]]
servers = []
for name in ("2001.sock", "2001.dgram.sock"):
    server = socket.socket(socket.AF_UNIX, kind)
    server.bind(d + name)
    if kind != socket.SOCK_DGRAM:
        server.listen(8)
    servers.append(server)
for type in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    fact(type.name, outcome(lambda: socket.socket(socket.AF_INET, type).bind(("127.0.0.1", 2001))))
fact("servers that see somebody", len(select.select(servers, [], [], 0)[0]))
fact("names", sorted(files()))
