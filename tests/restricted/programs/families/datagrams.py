import socket

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 5300))
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(b"question", ("127.0.0.1", 5300))
question, address = server.recvfrom(99)
server.sendto(b"answer", address)
print(question.decode(), *client.recvfrom(99))
connected = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
connected.connect(("::ffff:127.0.0.1", 5300))
print(connected.getpeername()[:2], connected.send(b"more"), server.recvfrom(99)[0])
