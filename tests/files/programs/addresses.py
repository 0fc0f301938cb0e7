import os
import socket


def listening(address, port=9042, **options):
    return socket.create_server(
        (address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET, **options
    )


def reached(listeners, address, port=9042):
    """Which of the listeners a client of the address reaches."""
    client = socket.create_connection((address, port), 10)
    for listener in listeners:
        listener.setblocking(False)
        try:
            peer, name = listener.accept()
        except BlockingIOError:
            continue
        assert name[:2] == client.getsockname()[:2] and peer.getpeername() == name, (name, client.getsockname())
        assert client.getpeername()[0] == address
        return listeners.index(listener), peer.getsockname()[0]


def plain(name):
    """Which of the listeners a plain Unix client of the file reaches: connects past the library."""
    client = socket.socket(socket.AF_UNIX)
    client.connect(os.environ["UNSOCK_DIR"] + "/" + name)
    return client


def bound(address, port=9042):
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind((address, port))
    return listener


def asked(listeners, address, port=9042, client=None):
    """Which of the sockets a datagram to the address reaches, and whether its answer comes from there."""
    client = client or socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
    client.sendto(b"?", (address, port))
    for listener in listeners:
        listener.setblocking(False)
        try:
            data, name = listener.recvfrom(10)
        except BlockingIOError:
            continue
        assert name[:2] == client.getsockname()[:2] or client.getsockname()[0] in ("0.0.0.0", "::"), name
        listener.sendto(b"!", name)
        return listeners.index(listener), client.recvfrom(10)[1][0]


def names():
    return sorted(name for name in os.listdir(os.environ["UNSOCK_DIR"]) if name != ".unsock.lock")


def text(name):
    return os.readlink(name) if os.path.islink(name) else ""


def links(port=9042, kind=("%d.sock", ".%d@")):
    """Where the port leads, and its record."""
    return [text(os.environ["UNSOCK_DIR"] + "/" + name % port) for name in kind]


UDP = ("%d.dgram.sock", ".%du@")


def refused(address, port=9042):
    try:
        socket.create_connection((address, port), 10)
    except OSError as error:
        return error.errno
