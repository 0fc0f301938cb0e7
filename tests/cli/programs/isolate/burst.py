"""Sends datagrams that nobody reads meanwhile, and counts those that came: as many as UDP's default buffer holds."""

import socket

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server, socket.socket(
    socket.AF_INET, socket.SOCK_DGRAM
) as client:
    server.bind(("127.0.0.1", 0))
    for number in range(250):
        client.sendto(b"%d" % number, server.getsockname())
    server.setblocking(False)
    came = 0
    try:
        while server.recv(100) == b"%d" % came:
            came += 1
    except BlockingIOError:
        print(came)
