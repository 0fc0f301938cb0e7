import socket

receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 0))
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.connect(receiver.getsockname())
with open("/proc/sys/net/unix/max_dgram_qlen", encoding="ascii") as length:
    for _ in range(int(length.read()) + 3):
        sender.send(b"x")
print("sent")
