"""Starts and ends servers on ports of their own: churn.py RACE_PORT PORT...

Each server is started, asked, and ended in one of several ways. The next one must bind the same port at once.
"""

import os
import random
import select
import signal
import socket
import subprocess
import sys

from common import (
    HOST,
    STOP,
    Pace,
    Pool,
    Report,
    Wrong,
    connect,
    listen,
    pack,
    round_trip,
    run_threads,
    stop_on_sigterm,
    unpack,
    waits_at,
)

VISITOR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "visitor.py")
SLOW_S = 20.0
TURN_S = 2.5
STAY_MOST_S = 1.0
RACE_S = 5.0
NAG_RATE = 20
WAYS = ("term", "kill", "waits", "forks", "forks kill")
DIRECTORY = os.environ["UNSOCK_DIR"]


class Visitor:
    """One server. After `heard` it listens, or its bind was refused."""

    def __init__(self, port, how):
        self.port = port
        self._process = subprocess.Popen(
            [sys.executable, VISITOR, str(port), how], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._pid, self._pidfd = self._process.pid, None

    def line(self):
        """Returns the next line of the server; "" when it has ended."""
        fd, text = self._process.stdout.fileno(), b""
        while not text.endswith(b"\n"):
            if not select.select([fd], [], [], SLOW_S)[0]:
                raise Wrong(f"port {self.port}: a server says nothing: {waits_at(self._process.pid)}")
            part = os.read(fd, 1)
            if not part:
                break
            text += part
        return text.decode().strip()

    def go(self):
        os.write(self._process.stdin.fileno(), b"\n")

    def heard(self):
        """Returns None if the server listens, else the reason why not."""
        line = self.line()
        if not line.startswith("listening "):
            return line or "it ended"
        self._pid = int(line.split()[1])
        try:
            self._pidfd = os.pidfd_open(self._pid)  # in "forks", this is a grandchild
        except ProcessLookupError:
            return "it ended after it listened"
        return None

    def is_alive(self):
        return not select.select([self._pidfd], [], [], 0)[0]

    def end(self, number):
        """Ends the process that serves, and waits for its end."""
        if self._pidfd is not None:
            if self.is_alive():
                signal.pidfd_send_signal(self._pidfd, number)
            if not select.select([self._pidfd], [], [], SLOW_S)[0]:
                where = waits_at(self._pid)
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
                raise Wrong(f"port {self.port}: a server does not end: {where}")
        self.close()

    def close(self):
        """Kills the process if it never listened, and closes its pipes and its pidfd."""
        if self._pidfd is None:
            self._process.kill()
        else:
            os.close(self._pidfd)
            self._pidfd = None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


def _ask_datagram(port, payload):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for wait in (1, 1.5, 2.5):
            sock.settimeout(wait)
            try:
                sock.sendto(pack(payload), (HOST, port))
                return unpack(sock.recvfrom(65536)[0]) == (payload, port)
            except OSError:
                continue
    return False


def _ask(report, pool, visitor, with_datagrams):
    payload = pool.cut(random.randrange(1, 8192))
    with connect(visitor.port) as sock:
        round_trip(sock, visitor.port, payload)
    report.done("churn tcp")
    if with_datagrams:
        if not _ask_datagram(visitor.port, payload[:1000]):
            raise Wrong(f"port {visitor.port}: no answer to a datagram")
        report.done("churn udp")


def _leave_behind(port):
    """Makes stale files, as a killed server leaves them."""
    for name, kind in ((f"{port}.sock", socket.SOCK_STREAM), (f"{port}.dgram.sock", socket.SOCK_DGRAM)):
        with socket.socket(socket.AF_UNIX, kind) as sock:
            try:
                sock.bind(os.path.join(DIRECTORY, name))
            except OSError:
                pass  # a file of this name exists


def _bind_at_once(report, port):
    try:
        listen(port).close()
        report.done("bind at once")
    except OSError as error:
        report.lost("bind at once", f"port {port}: {error}")


def _take_turn(report, pool, port, way, before):
    visitor = Visitor(port, way.split()[0] if way.split()[0] in ("waits", "forks") else "serve")
    try:
        refusal = visitor.heard()
        if refusal is not None:
            raise Wrong(f"port {port}: {refusal}")
        report.done("servers")
        for _ in range(random.randrange(1, 5)):
            _ask(report, pool, visitor, with_datagrams=way != "waits")
        STOP.wait(random.uniform(0, STAY_MOST_S))
        if not visitor.is_alive():
            raise Wrong(f"port {port}: the server ended by itself")
        visitor.end(signal.SIGKILL if "kill" in way else signal.SIGTERM)
    except (OSError, Wrong) as error:
        report.lost("servers", f"{way} after {before}: {error!r}")
        visitor.close()


def _turns(report, pool, port):
    before = "nothing"
    while not STOP.wait(random.uniform(0, TURN_S)):
        way = random.choice(WAYS)
        for _ in range(2):  # the second server starts at once
            _take_turn(report, pool, port, way, before)
            before, way = way, random.choice(WAYS)
        draw = random.random()
        if draw < 0.4:
            _bind_at_once(report, port)
            before += ", bound at once"
        elif draw < 0.6:
            _leave_behind(port)
            before += ", left over"


def _race(report, pool, port):
    while not STOP.wait(RACE_S):
        if random.random() < 0.5:
            _leave_behind(port)
        racers = [Visitor(port, "race") for _ in range(2)]
        try:
            for racer in racers:
                racer.line()
            for racer in racers:
                racer.go()
            refusals = [racer.heard() for racer in racers]
            winners = [racer for racer, refusal in zip(racers, refusals) if refusal is None]
            if len(winners) != 1:
                raise Wrong(f"port {port}: {len(winners)} winners of a race: {refusals}")
            _ask(report, pool, winners[0], with_datagrams=True)
            report.done("races")
        except (OSError, Wrong) as error:
            report.lost("races", error)
        for racer in racers:
            try:
                racer.end(random.choice((signal.SIGTERM, signal.SIGKILL)))
            except (OSError, Wrong) as error:
                report.lost("races", error)


def _nag(report, pool, ports):
    """Asks any server, even one that may be killed meanwhile: it need not answer, but a wrong answer is an error."""
    pace = Pace(NAG_RATE)
    while not pace.wait():
        port = random.choice(ports)
        try:
            with connect(port) as sock:
                sock.sendall(pack(payload := pool.cut(500)))
                answer = sock.recv(1 << 16)
            if answer and unpack(answer) != (payload, port):
                raise Wrong(f"asked {port}, and somebody else answered")
            (report.done if answer else report.apart)("asked in between")
        except TimeoutError as error:
            report.lost("asked in between", error)
        except OSError:
            report.apart("asked in between")
        except Wrong as error:
            report.lost("asked in between", error)


def main():
    race_port, *ports = map(int, sys.argv[1:])
    stop_on_sigterm()
    report, pool = Report(), Pool()
    turns = [lambda p=port: _turns(report, pool, p) for port in ports]
    run_threads(report, [*turns, lambda: _race(report, pool, race_port), lambda: _nag(report, pool, ports)])


main()
