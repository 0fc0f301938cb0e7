"""Clients of the echo servers: tcp_client.py steady|brief|torn PORT...

steady: three lasting connections to each server. brief: one request for each connection. torn: a part of one
request, and nothing more.
"""

import random
import sys
import time

from common import (
    LONGEST,
    STOP,
    Pace,
    Pool,
    Report,
    Wrong,
    connect,
    pack,
    round_trip,
    run_threads,
    stop_on_sigterm,
    tell,
)

STEADY_EACH = 3
STEADY_RATE = 12
TRIPS_MOST = 2000
BRIEF_THREADS = 3
BRIEF_RATE = 90


def _size():
    draw = random.random()
    if draw < 0.7:
        return random.randrange(1, 2048)
    return random.randrange(1, 65536) if draw < 0.97 else random.randrange(1, LONGEST)


def _stay(report, pool, port):
    pace = Pace(STEADY_RATE)
    while not STOP.is_set():
        try:
            with connect(port) as sock:
                for _ in range(random.randrange(1, TRIPS_MOST)):
                    round_trip(sock, port, pool.cut(_size()))
                    report.done("tcp steady")
                    if pace.wait():
                        break
        except (OSError, Wrong) as error:
            report.lost("tcp steady", error)
            STOP.wait(0.1)


def _come_and_go(report, pool, ports):
    pace = Pace(BRIEF_RATE)
    while not pace.wait():
        port = random.choice(ports)
        try:
            with connect(port) as sock:
                round_trip(sock, port, pool.cut(random.randrange(1, 4096)))
            report.done("tcp brief")
        except (OSError, Wrong) as error:
            report.lost("tcp brief", error)


def _tear(pool, port):
    sock = connect(port)
    frame = pack(pool.cut(LONGEST // 2))
    sock.sendall(frame[: random.randrange(1, len(frame))])
    tell(torn=port)
    while not STOP.is_set():
        time.sleep(0.1)


def main():
    kind, ports = sys.argv[1], [int(word) for word in sys.argv[2:]]
    stop_on_sigterm()
    pool = Pool()
    if kind == "torn":
        return _tear(pool, random.choice(ports))
    report = Report()
    if kind == "steady":
        run_threads(report, [lambda p=port: _stay(report, pool, p) for port in ports for _ in range(STEADY_EACH)])
    else:
        run_threads(report, [lambda: _come_and_go(report, pool, ports)] * BRIEF_THREADS)


main()
