"""Servers and clients that exchange datagrams: udp.py serve|events PORT; udp.py connected|unconnected|deaf PORT..."""

import os
import random
import select
import socket
import struct
import sys
import time

from common import (
    HOST,
    STOP,
    Pace,
    Pool,
    Report,
    Wrong,
    end_on_sigterm,
    pack,
    run_threads,
    stop_on_sigterm,
    tell,
    unpack,
)

WAITS_S = (1.0, 1.5, 2.5)  # as a resolver does: asks, and repeats the question twice
THREADS = 2
RATE = 40
TRIPS_MOST = 60
DEAF_SOCKETS = 3
DEAF_RATE = 50
LONGEST_DATAGRAM = 8000
MARK = struct.Struct("!8sH")  # begins a payload: bytes that no other payload has, and the asker's port


def _bound(port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((HOST, port))
    return sock


def _answer(sock, port):
    try:
        frame, client = sock.recvfrom(65536)
        sock.sendto(pack(unpack(frame)[0], port), client)
    except (OSError, Wrong):
        pass  # the client has ended, or does not read


def serve(port):
    """Serves with a blocking socket."""
    sock = _bound(port)
    tell(listening=port)
    while True:
        _answer(sock, port)


def serve_events(port):
    """Serves with a non-blocking socket and epoll."""
    sock = _bound(port)
    sock.setblocking(False)
    poll = select.epoll()
    poll.register(sock, select.EPOLLIN)
    tell(listening=port)
    while True:
        poll.poll()
        _answer(sock, port)


class Asker:
    """One socket and its questions. Each answer is matched to its question, however late it comes."""

    def __init__(self, sock, is_connected):
        self._sock = sock
        self._is_connected = is_connected
        self._asked = {}  # by mark: the server's port, and the payload

    def ask(self, report, kind, port, payload):
        """Asks, and repeats the question if no answer comes, as a resolver does."""
        mark = MARK.pack(os.urandom(8), self._sock.getsockname()[1])
        self._asked[mark] = port, mark + payload
        reasons = []
        for wait in WAITS_S:
            reason = self._try_once(report, mark, wait)
            if reason is None:
                report.done(kind)
                return
            reasons.append(reason)
            report.again(kind)
        report.lost(kind, f"port {port}: {', '.join(reasons)}")

    def _try_once(self, report, mark, wait):
        """Returns None if there was an answer, else the reason why not."""
        port, payload = self._asked[mark]
        deadline = time.monotonic() + wait
        try:
            self._sock.settimeout(wait)
            if self._is_connected:
                self._sock.send(pack(payload))
            else:
                self._sock.sendto(pack(payload), (HOST, port))
            while (left := deadline - time.monotonic()) > 0:
                self._sock.settimeout(left)
                if self._read(report) == mark:
                    return None
            return "time-out"
        except OSError as error:
            time.sleep(max(0, min(0.05, deadline - time.monotonic())))
            return repr(error)

    def _read(self, report):
        """
        Returns the mark of the next answer, which must be right and from the right server. It may be an answer to an
        earlier question, also to one for another server: a question that was asked again (this program was stopped, or
        the answer was late) is answered twice.
        """
        frame, server = self._sock.recvfrom(65536)
        answer, answerer = unpack(frame)
        mark = answer[: MARK.size]
        if mark not in self._asked:
            return self._pass_over(report, answerer, server, mark)
        port, payload = self._asked[mark]
        if server != (HOST, port) or answerer != port:
            raise Wrong(f"asked {port}, heard {answerer} from {server}")
        if answer != payload:
            raise Wrong(f"asked {port} for {len(payload)} bytes, heard {len(answer)} others")
        return mark

    def _pass_over(self, report, answerer, server, mark):
        """
        Checks an answer to another client's question. If this port is used again, an answer to its former holder may
        still arrive, as over UDP. An answer to another port is an error. (A socket's first question has port 0.)
        """
        asker = MARK.unpack(mark)[1] if len(mark) == MARK.size else -1
        if server != (HOST, answerer) or asker not in (0, self._sock.getsockname()[1]):
            raise Wrong(f"port {asker} asked, port {self._sock.getsockname()[1]} heard {answerer} from {server}")
        report.apart("udp former holder")


def _converse(report, pool, kind, ports):
    pace = Pace(RATE)
    while not STOP.is_set():
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                port, is_connected = random.choice(ports), kind == "udp connected"
                if is_connected:
                    sock.connect((HOST, port))
                asker = Asker(sock, is_connected)
                for _ in range(random.randrange(1, TRIPS_MOST)):
                    size = random.randrange(1, LONGEST_DATAGRAM if random.random() < 0.1 else 1200)
                    asker.ask(report, kind, port, pool.cut(size))
                    port = port if is_connected else random.choice(ports)
                    if pace.wait():
                        break
        except (OSError, Wrong) as error:
            report.lost(kind, error)
            STOP.wait(0.1)


def _shout(report, pool, ports):
    """Sends questions, and never reads the answers."""
    socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(DEAF_SOCKETS)]
    pace = Pace(DEAF_RATE)
    while not pace.wait():
        try:
            random.choice(socks).sendto(pack(pool.cut(100)), (HOST, random.choice(ports)))
            report.done("udp deaf")
        except OSError as error:
            report.lost("udp deaf", error)


def main():
    kind, ports = sys.argv[1], [int(word) for word in sys.argv[2:]]
    if kind in ("serve", "events"):
        end_on_sigterm()
        return serve(ports[0]) if kind == "serve" else serve_events(ports[0])
    stop_on_sigterm()
    report, pool = Report(), Pool()
    if kind == "deaf":
        run_threads(report, [lambda: _shout(report, pool, ports)])
    else:
        run_threads(report, [lambda: _converse(report, pool, f"udp {kind}", ports)] * THREADS)


main()
