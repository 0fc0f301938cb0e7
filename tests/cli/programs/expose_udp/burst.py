"""A burst, which meets a server that does not read just then: a queue of a Unix socket has room for ten."""

import socket
import sys

client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(60)
client.connect(("127.0.0.1", int(sys.argv[1])))
client.send(b"slow")
in_a_row = int(sys.argv[2])
for number in range(in_a_row):
    client.send(b"x" * number)
answers = [client.recv(65536) for _ in range(in_a_row + 1)]
print(len(answers))
client.send(b"x" * 60000)
print(len(client.recv(65536)) > 60000)
