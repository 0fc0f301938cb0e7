"""Answers with what it knows of the client; TFTP's servers do so by a socket of its own, connected to the client."""

import socket

fd = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
fd.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
fd.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
fd.bind(("::", 2001))
while True:
    data, control, flags, sender = fd.recvmsg(100, 1000)
    if data == b"end":
        break
    ip = sender[0].removeprefix("::ffff:")
    answer = fd
    if data == b"connect":
        answer = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        answer.connect(sender)
    if data == b"asked?":
        told = socket.inet_ntop(socket.AF_INET6, control[0][2][:16])
        fd.sendto(told.encode(), sender)
    elif answer is fd:
        fd.sendto(("%s %d" % (ip, sender[1])).encode(), sender)
    else:
        answer.send(b"connected")
