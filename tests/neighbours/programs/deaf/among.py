"""The deaf ask before each round of the others, who ask once each and wait for the answers of all. A question may be lost where the server gets no processor for as long as a full queue is waited for, and is asked again: an answer may not."""

import os
import select
import socket
import sys

deaf, blocking = int(sys.argv[1]), sys.argv[2] == "blocking"
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 2001))
told, tell = os.pipe()
pid = os.fork()
if pid == 0:
    server.setblocking(blocking)
    heard = 0
    while True:
        if not blocking:
            select.select([server], [], [])
        question, client = server.recvfrom(100)
        if question == b"end":
            break
        heard += question != b"deaf"
        server.sendto(question * 4, client)
    os.write(tell, b"%d" % heard)
    os._exit(0)
server.close()
os.close(tell)


def clients(count):
    return [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]


def ask(client, question):
    client.sendto(question, ("127.0.0.1", 2001))


def answer(client, question):
    while True:
        client.settimeout(60)
        try:
            return client.recv(100)
        except TimeoutError:
            ask(client, question)


those, others, answers = clients(deaf), clients(100), 0
for i in range(20):
    for client in those:
        ask(client, b"deaf")
    for client in others:
        ask(client, b"%04d" % i)
    for client in others:
        answers += answer(client, b"%04d" % i) == b"%04d" % i * 4
while not select.select([told], [], [], 0.1)[0]:
    ask(others[0], b"end")
heard = int(os.read(told, 20))
os.waitpid(pid, 0)
print(answers, "right answers, none lost" if heard == answers else "right answers to %d questions" % heard)
