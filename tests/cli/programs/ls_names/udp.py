"""UDP sockets, one for each word: address, port and option. A client of port 0 asks its address."""

import socket
import sys
import time

kept = []
for word in sys.argv[1:]:
    address, port, option = word.split("/")
    one = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    if option:
        one.setsockopt(socket.SOL_SOCKET, getattr(socket, option), 1)
    if port != "0":
        one.bind((address, int(port)))
    else:
        one.sendto(b"x", (address, 5301))
    kept.append(one)
print("ready", flush=True)
time.sleep(60)
