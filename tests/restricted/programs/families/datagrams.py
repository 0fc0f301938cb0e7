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
deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
deaf.bind(("127.0.0.1", 5301))
with open("/proc/sys/net/unix/max_dgram_qlen") as file:
    count = int(file.read()) + 3
talker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fact("to a deaf one", sum(talker.sendto(b"x", ("127.0.0.1", 5301)) for _ in range(count)) == count)
