"""One question, until the answer: "nobody" where none comes."""

import socket
import sys

client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(float(sys.argv[2]))
client.connect((sys.argv[3] if len(sys.argv) > 3 else "127.0.0.1", int(sys.argv[1])))
try:
    client.send(b"?")
    print(client.recv(100).decode().split(" ")[1])
except OSError:
    print("nobody")
