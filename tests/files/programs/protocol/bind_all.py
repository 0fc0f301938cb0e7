import socket

from facts import fact, outcome


for type, port in ((socket.SOCK_STREAM, 2001), (socket.SOCK_DGRAM, 2001), (socket.SOCK_STREAM, 2002)):
    fact(f"{type.name} {port}", outcome(lambda: socket.socket(socket.AF_INET, type).bind(("127.0.0.1", port))))
fact("connect to 2001", outcome(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).connect(("127.0.0.1", 2001))))
