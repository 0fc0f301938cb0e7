"""Datagrams: udp.py serve|events PORT; udp.py connected|unconnected|deaf PORT..."""

import os
import random
import select
import socket
import sys
import time

from common import HOST, STOP, Pace, Pool, Report, Wrong, end_on_sigterm, pack, run_threads, stop_on_sigterm, tell, unpack

WAITS_S = (1.0, 1.5, 2.5)  # as a resolver has it: asked again twice
THREADS = 2
RATE = 40
TRIPS_MOST = 60
DEAF_SOCKETS = 3
DEAF_RATE = 50
LONGEST_DATAGRAM = 8000


def _bound(port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((HOST, port))
    return sock


def _answer(sock, port):
    try:
        frame, client = sock.recvfrom(65536)
        sock.sendto(pack(unpack(frame)[0], port), client)
    except (OSError, Wrong):
        pass  # who asked is gone, or does not read


def serve(port):
    """Blocking, one after the other."""
    sock = _bound(port)
    tell(listening=port)
    while True:
        _answer(sock, port)


def serve_events(port):
    """Non-blocking, behind epoll."""
    sock = _bound(port)
    sock.setblocking(False)
    poll = select.epoll()
    poll.register(sock, select.EPOLLIN)
    tell(listening=port)
    while True:
        poll.poll()
        _answer(sock, port)


def _hear(sock, port, payload, deadline):
    """Waits for the answer; answers to what was asked before are passed over."""
    while (left := deadline - time.monotonic()) > 0:
        sock.settimeout(left)
        frame, server = sock.recvfrom(65536)
        answer, answerer = unpack(frame)
        if server != (HOST, port) or answerer != port:
            raise Wrong(f"asked {port}, heard {answerer} from {server}")
        if answer == payload:
            return True
        if answer[:8] == payload[:8]:
            raise Wrong("another answer to this request")
    return False


def _try_once(sock, port, payload, is_connected, wait):
    """Returns why there was no answer; None: there was."""
    deadline = time.monotonic() + wait
    try:
        sock.settimeout(wait)
        if is_connected:
            sock.send(pack(payload))
        else:
            sock.sendto(pack(payload), (HOST, port))
        return None if _hear(sock, port, payload, deadline) else "time-out"
    except OSError as error:
        time.sleep(max(0, min(0.05, deadline - time.monotonic())))
        return repr(error)


def _ask(report, kind, sock, port, pool):
    payload = os.urandom(8) + pool.cut(random.randrange(1, LONGEST_DATAGRAM if random.random() < 0.1 else 1200))
    reasons = []
    for wait in WAITS_S:
        reason = _try_once(sock, port, payload, kind == "udp connected", wait)
        if reason is None:
            report.done(kind)
            return
        reasons.append(reason)
        report.again(kind)
    report.lost(kind, f"port {port}: {', '.join(reasons)}")


def _converse(report, pool, kind, ports):
    pace = Pace(RATE)
    while not STOP.is_set():
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                port = random.choice(ports)
                if kind == "udp connected":
                    sock.connect((HOST, port))
                for _ in range(random.randrange(1, TRIPS_MOST)):
                    _ask(report, kind, sock, port, pool)
                    port = port if kind == "udp connected" else random.choice(ports)
                    if pace.wait():
                        break
        except (OSError, Wrong) as error:
            report.lost(kind, error)
            STOP.wait(0.1)


def _shout(report, pool, ports):
    """Asks and never reads."""
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
