"""Servers that do what they are told, each a process, and say their names to whoever asks."""

import os
import select
import signal
import socket
import sys

TYPE = getattr(socket, sys.argv[1])


class Server:
    ends = []

    def __init__(self, name, address="127.0.0.1", options=(socket.SO_REUSEPORT,), listens=True):
        said, say = os.pipe()
        told, self.tell = os.pipe()
        Server.ends.append(self.tell)
        self.said, self.pid = said, os.fork()
        if self.pid == 0:
            self.serve(name, address, options, told, say)
        os.close(say), os.close(told)
        self.bound = self.answer() == b"bound"
        if self.bound and listens:
            self.listen()

    def answer(self):
        return os.read(self.said, 10)

    def serve(self, name, address, options, told, say):
        for end in Server.ends:
            os.close(end)
        server = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, TYPE)
        for option in options:
            server.setsockopt(socket.SOL_SOCKET, option, 1)
        try:
            server.bind((address, 9042))
        except OSError:
            os._exit(1)
        os.write(say, b"bound")
        listening = TYPE == socket.SOCK_DGRAM
        while True:
            ready = select.select([told, server] if listening else [told], [], [])[0]
            if server in ready and listening and TYPE == socket.SOCK_STREAM:
                client = server.accept()[0]
                client.send(name.encode())
                client.close()
            elif server in ready:
                server.sendto(name.encode(), server.recvfrom(10)[1])
            elif os.read(told, 1) == b"l":
                if TYPE == socket.SOCK_STREAM:
                    server.listen()
                listening = True
                os.write(say, b"listens")
            else:
                server.close()
                os._exit(0)

    def listen(self):
        os.write(self.tell, b"l")
        assert self.answer() == b"listens"

    def close(self, kill=False):
        if kill:
            os.kill(self.pid, signal.SIGKILL)
        Server.ends.remove(self.tell)
        os.close(self.tell)
        os.waitpid(self.pid, 0)


def ask(address="127.0.0.1"):
    client = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, TYPE)
    client.settimeout(60)
    try:
        client.connect((address, 9042))
        if TYPE == socket.SOCK_DGRAM:
            client.send(b"?")
        return client.recv(10).decode()
    except ConnectionRefusedError:
        return "nobody"
    # One that waited in the queue of a listener that was closed, as over TCP.
    except ConnectionResetError:
        return "somebody"
    finally:
        client.close()


def names():
    return len([name for name in os.listdir(os.environ["UNSOCK_DIR"]) if name != ".unsock.lock"])
