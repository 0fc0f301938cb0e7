import socket
import sys

client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
client.settimeout(60)
client.bind(sys.argv[1])
client.sendto(b"plain", sys.argv[2])
print(client.recv(100))
