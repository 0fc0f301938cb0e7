"""A client of HTTP/2 that opens streams and resets them at once, until the server ends the connection:
`reset_streams.py PORT HOST MOST`. It prints "ended", or "MOST streams" if the server has taken so many."""

import socket
import struct
import sys

PORT, HOST, MOST = int(sys.argv[1]), sys.argv[2].encode(), int(sys.argv[3])
HEADERS, RST_STREAM, SETTINGS, PING = 1, 3, 4, 6
ACK, END = 1, 5
CANCEL = 8
AT_ONCE = 50


def frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def read_exactly(client, count):
    data = b""
    while len(data) < count:
        part = client.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def round_trip(client):
    """Waits until the server has read all that was sent."""
    client.sendall(frame(PING, 0, 0, b"12345678"))
    while True:
        head = read_exactly(client, 9)
        read_exactly(client, int.from_bytes(head[:3], "big"))
        if head[3] == PING and head[4] & ACK:
            return


def reset_streams(client):
    """GET, /, http, and the host: the first three by their numbers in HPACK's table."""
    fields = b"\x82\x84\x86\x01" + bytes([len(HOST)]) + HOST
    client.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(SETTINGS, 0, 0, b""))
    for first in range(0, MOST, AT_ONCE):
        for stream in range(2 * first + 1, 2 * (first + AT_ONCE), 2):
            reset = frame(RST_STREAM, 0, stream, struct.pack(">I", CANCEL))
            client.sendall(frame(HEADERS, END, stream, fields) + reset)
        round_trip(client)


try:
    reset_streams(socket.create_connection(("127.0.0.1", PORT)))
    print(MOST, "streams")
except (EOFError, ConnectionError):
    print("ended")
