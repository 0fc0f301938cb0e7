"""It says what it was asked for, in the place of whoever would be there: nothing leaves the machine."""

import socket
import struct
import sys

server = socket.create_server(("127.0.0.2", int(sys.argv[1])))
while True:
    client, _ = server.accept()
    with client, client.makefile("rb") as words:
        version, command, port, address = struct.unpack(">BBH4s", words.read(8))
        while words.read(1) != b"\0":
            pass
        client.sendall(struct.pack(">BBH4s", 0, 90, port, address))
        client.sendall(f"{version} {command} {socket.inet_ntoa(address)} {port}".encode())
