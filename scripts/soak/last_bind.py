"""Binds each port once more, even if killed programs have left files there, and ends: last_bind.py PORT..."""

import socket
import sys

from common import HOST, end_on_sigterm, listen, tell


def _take(port):
    listener = datagrams = None
    try:
        listener = listen(port)
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind((HOST, port))
        return None
    except OSError as error:
        return error
    finally:
        for sock in (listener, datagrams):
            if sock is not None:
                sock.close()


def main():
    end_on_sigterm()
    for port in map(int, sys.argv[1:]):
        error = _take(port)
        if error is None:
            tell(kind="last bind", done=1)
        else:
            tell(kind="last bind", lost=1, why=f"port {port}: {error}")


main()
