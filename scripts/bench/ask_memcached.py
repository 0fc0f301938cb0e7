"""Asks memcached over UDP at a steady rate, from several sockets: ask_memcached.py PORT RATE SECONDS."""

import select
import socket
import sys
import time

CLIENTS = 16
VALUE = b"x" * 400
PATIENCE_S = 1
# The head of each datagram, four numbers: request, index of the datagram, count of datagrams, 0 (memcached's
# protocol.txt, "UDP protocol")
FRAME = bytes([0, 1, 0, 0, 0, 1, 0, 0])
QUESTION = FRAME + b"get key\r\n"


def main(port, rate, seconds):
    clients = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(CLIENTS)]
    ready = select.epoll()
    by_number = {}
    for client in clients:
        client.connect(("127.0.0.1", port))
        client.setblocking(False)
        ready.register(client, select.EPOLLIN)
        by_number[client.fileno()] = client
    clients[0].send(FRAME + b"set key 0 0 %d\r\n%s\r\n" % (len(VALUE), VALUE))
    ready.poll(PATIENCE_S)
    clients[0].recv(2000)
    total, sent, answers = int(rate * seconds), 0, 0
    begun = heard = time.monotonic()
    while answers < total:
        now = time.monotonic()
        due = min(total, int((now - begun) * rate))
        while sent < due:
            client = clients[sent % CLIENTS]
            try:
                client.send(QUESTION)
                sent += 1
            except BlockingIOError:
                select.select([], [client], [], 0.001)
                break  # reads answers before it sends again
        for number, _ in ready.poll(0 if sent < due else 0.001):
            heard = now
            try:
                while by_number[number].recv(2000):
                    answers += 1
            except BlockingIOError:
                pass
        if sent == total and now - heard > PATIENCE_S:
            break
    print(sent, answers)


main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
