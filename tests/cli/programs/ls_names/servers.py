"""A UDP server on one address, and one on two, and a TCP server on two addresses, which talk to nobody."""

import socket
import time

udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.9", 5353))
several = [socket.socket(family, socket.SOCK_DGRAM) for family in (socket.AF_INET, socket.AF_INET6)]
for one, address in zip(several, ("127.0.0.9", "::1")):
    one.bind((address, 5354))
v4 = socket.create_server(("127.0.0.1", 8080))
v6 = socket.create_server(("::1", 8080), family=socket.AF_INET6)
print("ready", flush=True)
time.sleep(60)
