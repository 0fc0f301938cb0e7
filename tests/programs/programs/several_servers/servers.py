import os
import socket


def made(address, kind=socket.SOCK_STREAM):
    return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, kind)


def bound(address, port, kind=socket.SOCK_STREAM):
    server = made(address, kind)
    server.bind((address, port))
    return server


def listening(address, port):
    server = bound(address, port)
    server.listen()
    return server


def child(work):
    pid = os.fork()
    if pid != 0:
        return pid
    try:
        work()
    except BaseException as error:
        print(repr(error), flush=True)
        os._exit(1)
    os._exit(0)


def ended(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def say(address, port, text):
    with made(address) as client:
        client.connect((address, port))
        assert client.getpeername()[:2] == (address, port)
        client.sendall(text)


def heard(server):
    connection, name = server.accept()
    with connection:
        return connection.getsockname()[0], connection.recv(100), name == connection.getpeername()


def names():
    return sorted(name for name in os.listdir(os.environ["UNSOCK_DIR"]) if name != ".unsock.lock")
