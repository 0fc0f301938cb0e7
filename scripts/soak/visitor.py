"""A server that comes and goes: visitor.py PORT serve|waits|forks|race

serve: serves in one thread. waits: ends by exit(3) while one of its threads waits in accept. forks: the parent makes
the sockets and ends; its child serves. race: prints "ready", and binds when a line arrives on standard input. Each then
prints "listening PID" or "refused ERRNO".
"""

import os
import select
import socket
import sys
import threading
import time

from common import AWAKE_EVERY_S, HOST, answer_stream, end_on_sigterm, listen, pack, unpack


def _say(text):
    os.write(1, f"{text}\n".encode())


def _serve(listener, datagrams, port):
    while True:
        for sock in select.select([listener, datagrams], [], [])[0]:
            if sock is listener:
                answer_stream(listener.accept()[0], port)
                continue
            frame, client = datagrams.recvfrom(65536)
            try:
                datagrams.sendto(pack(unpack(frame)[0], port), client)
            except OSError:
                pass


def _accept(listener, port):
    while True:
        answer_stream(listener.accept()[0], port)


def main():
    port, how = int(sys.argv[1]), sys.argv[2]
    end_on_sigterm()
    if how == "race":
        _say("ready")
        os.read(0, 1)
    try:
        listener = listen(port)
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        datagrams.bind((HOST, port))
    except OSError as error:
        return _say(f"refused {error.errno}")
    if how == "forks" and os.fork() != 0:
        return None  # ends by exit(3), with both sockets open in parent and child
    if how == "waits":
        threading.Thread(target=_accept, args=(listener, port), daemon=True).start()
        _say(f"listening {os.getpid()}")
        while True:
            time.sleep(AWAKE_EVERY_S)
    _say(f"listening {os.getpid()}")
    return _serve(listener, datagrams, port)


main()
