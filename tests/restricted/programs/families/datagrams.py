import socket

from facts import fact

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 5300))
client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
client.sendto(b"question", ("127.0.0.1", 5300))
question, address = server.recvfrom(99)
server.sendto(b"answer", address)
fact("question", question)
fact("answer and sender", client.recvfrom(99))
connected = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
connected.connect(("::ffff:127.0.0.1", 5300))
fact("connected to", connected.getpeername()[:2])
connected.send(b"more")
fact("heard of that", server.recvfrom(99)[0])
