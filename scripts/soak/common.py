"""Shared by the programs of the soak: frames with a checksum, counts printed once a second, and an orderly end."""

import errno
import json
import os
import random
import signal
import socket
import struct
import sys
import threading
import time
import zlib

HOST = "127.0.0.1"
HEADER = struct.Struct("!IIH")  # length and checksum of the payload; in an answer, the port of the server
LONGEST = 1 << 20
TIMEOUT_S = 20.0
TOLD_EVERY_S = 1.0
# Python handles signals in its main thread, but the kernel may interrupt another: the main thread wakes up this often.
AWAKE_EVERY_S = 0.5

STOP = threading.Event()


class Wrong(Exception):
    """A wrong answer, or no answer from a server that had to answer."""


class Pool:
    """Payloads of any length, cut out of random bytes that are made once."""

    def __init__(self):
        self._bytes = random.randbytes(LONGEST + 65536)

    def cut(self, size):
        start = random.randrange(len(self._bytes) - size)
        return self._bytes[start : start + size]


def pack(payload, port=0):
    """Returns a frame to send."""
    return HEADER.pack(len(payload), zlib.crc32(payload), port) + payload


def unpack(frame):
    """Returns the payload and the port of a whole frame."""
    if len(frame) < HEADER.size:
        raise Wrong(f"a frame of {len(frame)} bytes")
    length, checksum, port = HEADER.unpack_from(frame)
    payload = frame[HEADER.size :]
    if len(payload) != length or zlib.crc32(payload) != checksum:
        raise Wrong(f"a damaged frame of {length} bytes")
    return payload, port


def _read_all(sock, length):
    parts = []
    while length > 0:
        part = sock.recv(min(length, 65536))
        if not part:
            break
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def read_frame(sock):
    """Reads the next payload and port from a stream. Returns None at its end."""
    head = _read_all(sock, HEADER.size)
    if not head:
        return None
    if len(head) < HEADER.size:
        raise Wrong("the end within a header")
    return unpack(head + _read_all(sock, min(HEADER.unpack(head)[0], LONGEST)))


def round_trip(sock, port, payload):
    """Asks the server on `port` over a stream."""
    sock.sendall(pack(payload))
    answer = read_frame(sock)
    if answer is None:
        raise Wrong("the end instead of an answer")
    if answer != (payload, port):
        raise Wrong(f"asked {port} for {len(payload)} bytes: {len(answer[0])} from {answer[1]}")


def connect(port):
    """Connects to a server. Checks that both addresses of the connection are those that TCP would report."""
    sock = socket.create_connection((HOST, port), TIMEOUT_S)
    if sock.getpeername() != (HOST, port) or sock.getsockname()[0] != HOST:
        sock.close()
        raise Wrong(f"connected to {port}, but the names are otherwise")
    return sock


def listen(port, backlog=128):
    """Makes a listener as servers do."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((HOST, port))
        sock.listen(backlog)
    except OSError:
        sock.close()
        raise
    return sock


def answer_stream(conn, port):
    """Serves one connection to its end. A client that is killed meanwhile is no error."""
    try:
        with conn:
            while (frame := read_frame(conn)) is not None:
                conn.sendall(pack(frame[0], port))
    except (OSError, Wrong):
        pass


def tell(**fields):
    """Prints one line for the soak, by one write, since processes share the pipe."""
    try:
        os.write(1, (json.dumps(fields) + "\n").encode())
    except OSError as error:
        if error.errno == errno.EPIPE:  # the soak has ended
            os._exit(3)
        raise


class Report:
    """Counts requests by kind, from any thread."""

    def __init__(self):
        self._lock = threading.Lock()
        self._counts = {}
        threading.Thread(target=self._run, daemon=True).start()

    def _add(self, kind, column):
        with self._lock:
            row = self._counts.setdefault(kind, {})
            row[column] = row.get(column, 0) + 1

    def done(self, kind):
        """Counts a request that was answered rightly."""
        self._add(kind, "done")

    def again(self, kind):
        """Counts a datagram that had to be sent again."""
        self._add(kind, "again")

    def apart(self, kind):
        """Counts a request to a server that was ended on purpose meanwhile."""
        self._add(kind, "apart")

    def lost(self, kind, why):
        """Counts a request that a living server should have answered."""
        self._add(kind, "lost")
        tell(kind=kind, why=f"{type(why).__name__}: {why}" if isinstance(why, Exception) else why)

    def flush(self):
        with self._lock:
            counts, self._counts = self._counts, {}
        for kind, row in counts.items():
            tell(kind=kind, **row)

    def _run(self):
        while True:
            time.sleep(TOLD_EVERY_S)
            self.flush()


def end_on_sigterm():
    """Makes SIGTERM end the process by exit(3), as servers do."""

    def leave(_number, _frame):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sys.exit(0)

    signal.signal(signal.SIGTERM, leave)


def stop_on_sigterm():
    """Makes SIGTERM end a client after its current requests."""

    def stop(_number, _frame):
        # A second signal during set() would wait for ever: the first one holds the lock of STOP.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        STOP.set()

    signal.signal(signal.SIGTERM, stop)


def run_threads(report, functions):
    """Runs all functions until STOP, and then reports the last counts."""
    threads = [threading.Thread(target=function) for function in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(AWAKE_EVERY_S)
    report.flush()


def _first_line(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline().strip()
    except OSError:
        return "?"


def waits_at(pid):
    """
    Describes what a process is doing: where each thread waits in the kernel, its processor time, and the load of the
    machine. This shows whether the whole machine stands still, or only the process, which is a finding.
    """
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        threads = []
    of_each = []
    for thread in threads:
        task = f"/proc/{pid}/task/{thread}"
        fields = _first_line(f"{task}/stat").rpartition(")")[2].split()
        state, ticks = (fields[0], f"{fields[11]}+{fields[12]}") if len(fields) > 12 else ("?", "?")
        call = _first_line(f"{task}/syscall").split(" ")[0]
        of_each.append(f"{state} in {_first_line(f'{task}/wchan')}, system call {call}, {ticks} ticks")
    pressure = [_first_line(f"/proc/pressure/{name}").split(" total")[0] for name in ("cpu", "io", "memory")]
    return "; ".join([*of_each, *pressure])


class Pace:
    """Sleeps so that something happens `rate` times a second on average."""

    def __init__(self, rate):
        self._interval = 1 / rate

    def wait(self):
        return STOP.wait(self._interval * random.uniform(0.5, 1.5))
