"""Sends and receives over UDP by each call that Python has, and a stream beside it, whose bytes are no datagrams."""

import os
import socket

receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 0))
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.connect(receiver.getsockname())
sender.send(b"1")
sender.sendmsg([b"2", b"2"])
sender.sendto(b"3", receiver.getsockname())
os.write(sender.fileno(), b"4")
sender.send(b"5")  # which nobody receives

receiver.recv(100, socket.MSG_PEEK)
receiver.recv(100)
receiver.recvfrom(100)
receiver.recvmsg(100)
os.read(receiver.fileno(), 100)

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
server = listener.accept()[0]
client.send(b"no datagram")
server.recv(100)
