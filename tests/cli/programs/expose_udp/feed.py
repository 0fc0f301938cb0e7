"""Datagrams whose forged source is a port that is exposed itself; then a question. Prints what the server answered.

argv: the exposed ports. Needs the right to make raw sockets.
"""

import socket
import struct
import sys


def forged(source, target):
    text = b"forged"
    udp = struct.pack("!HHHH", source, target, 8 + len(text), 0) + text
    address = socket.inet_aton("127.0.0.1")
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 64, socket.IPPROTO_UDP, 0, address, address)
    return head + udp


ports = [int(word) for word in sys.argv[1:]]
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
for target in ports:
    for source in ports:
        for _ in range(20):
            raw.sendto(forged(source, target), ("127.0.0.1", 0))
for target in ports:
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(60)
    client.connect(("127.0.0.1", target))
    for _ in range(3):
        client.send(b"question")
        print(client.recv(100).decode().split(" ")[-1])
