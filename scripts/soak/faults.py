"""Makes faults around the servers of some ports: faults.py COUNT UDP_PORT... TCP_PORT...

Holds the directory's lock, stops clients, kills clients in the middle of a request, and leaves stale files.
"""

import errno
import os
import random
import select
import signal
import socket
import subprocess
import sys

from common import HOST, STOP, Pace, Report, run_threads, stop_on_sigterm

HERE = os.path.dirname(os.path.abspath(__file__))
DIRECTORY = os.environ["UNSOCK_DIR"]
LOCK_RATE = 0.5
LOCK_MOST_S = 0.3
STOP_RATE = 0.3
STOP_MOST_S = 1.5
TEAR_RATE = 0.4
KILL_RATE = 0.2
LEAVE_RATE = 0.1
COVET_RATE = 2
SLOW_S = 20.0


def _start(name, *words, **options):
    return subprocess.Popen([sys.executable, os.path.join(HERE, name), *map(str, words)], **options)


def _hold_lock(report):
    pace = Pace(LOCK_RATE)
    while not pace.wait():
        how = ["kill"] if random.random() < 0.2 else []
        code = _start("lock_holder.py", DIRECTORY, random.uniform(0, LOCK_MOST_S), *how).wait()
        (report.done if code == 0 else report.apart)("fault: lock held")


def _stop_client(report, udp_ports, tcp_ports):
    """Stops clients for a while, and lets them continue. They must not lose a request, by their own reports."""
    clients = [_start("tcp_client.py", "steady", *tcp_ports), _start("udp.py", "unconnected", *udp_ports)]
    pace = Pace(STOP_RATE)
    while not pace.wait():
        client = random.choice(clients)
        client.send_signal(signal.SIGSTOP)
        STOP.wait(random.uniform(0, STOP_MOST_S))
        client.send_signal(signal.SIGCONT)
        report.done("fault: client stopped")
    for client in clients:
        client.terminate()
    for client in clients:
        if client.wait() != 0:
            report.lost("fault: client stopped", f"it ended with {client.returncode}")


def _tear(report, ports):
    """Kills clients in the middle of a request."""
    pace = Pace(TEAR_RATE)
    while not pace.wait():
        client = _start("tcp_client.py", "torn", *ports, stdout=subprocess.PIPE)
        if select.select([client.stdout], [], [], SLOW_S)[0] and os.read(client.stdout.fileno(), 100):
            report.done("fault: client torn")
        else:
            report.lost("fault: client torn", "it could not connect and send")
        client.kill()
        client.wait()
        client.stdout.close()


def _kill_datagrams(report, ports):
    """Kills datagram clients. Their files stay."""
    pace = Pace(KILL_RATE)
    while not pace.wait():
        client = _start("udp.py", random.choice(("connected", "unconnected")), *ports)
        STOP.wait(random.uniform(0.1, 2))
        client.kill()
        client.wait()
        report.done("fault: client killed")


def _ephemeral_range():
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        first, last = map(int, file.read().split())
    return range(first, last + 1)


def _leave_files(report):
    ports = _ephemeral_range()
    pace = Pace(LEAVE_RATE)
    while not pace.wait():
        name = f"{random.choice(ports)}.{random.choice(('', 'dgram.'))}sock"
        kind = socket.SOCK_DGRAM if "dgram" in name else socket.SOCK_STREAM
        with socket.socket(socket.AF_UNIX, kind) as sock:
            try:
                sock.bind(os.path.join(DIRECTORY, name))
                report.done("fault: file left")
            except OSError:
                pass


def _covet(report, udp_ports, tcp_ports):
    """Binds ports of living servers. Each bind must be refused, and do the server no harm."""
    kinds = [(port, socket.SOCK_DGRAM) for port in udp_ports] + [(port, socket.SOCK_STREAM) for port in tcp_ports]
    pace = Pace(COVET_RATE)
    while not pace.wait():
        port, kind = random.choice(kinds)
        with socket.socket(socket.AF_INET, kind) as sock:
            try:
                sock.bind((HOST, port))
                report.lost("bind refused", f"port {port} of a living server was given away")
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    report.done("bind refused")
                else:
                    report.lost("bind refused", error)


def main():
    udp_count, *ports = map(int, sys.argv[1:])
    udp_ports, tcp_ports = ports[:udp_count], ports[udp_count:]
    stop_on_sigterm()
    report = Report()
    run_threads(
        report,
        [
            lambda: _hold_lock(report),
            lambda: _stop_client(report, udp_ports, tcp_ports),
            lambda: _tear(report, tcp_ports),
            lambda: _kill_datagrams(report, udp_ports),
            lambda: _leave_files(report),
            lambda: _covet(report, udp_ports, tcp_ports),
        ],
    )


main()
