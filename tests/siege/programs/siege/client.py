"""An honest client of a vite page: `ADDRESS HOST`. It loads the page and its modules again and again, each time on a
new connection, and it has the page's WebSocket, as a browser does. When the server says that a module has changed, it
fetches that module: its text has a number, and the time at which the file was written.

Prints a fact a line: `answer=MS PATH`, `reload=NUMBER MS`, `failed=WHY`, and of the WebSocket `socket=open`, or why it
has ended."""

import base64
import http.client
import json
import os
import re
import struct
import sys
import threading
import time

from dial import dial

ADDRESS, HOST = sys.argv[1:3]
MODULES = ["/@vite/client", "/main.js", "/word.js"]
PATIENCE = 60
PAUSE = 0.05


def tell(name, value):
    """In one write: two threads print."""
    os.write(1, f"{name}={value}\n".encode())


class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = dial(ADDRESS)
        self.sock.settimeout(PATIENCE)


def fetch(connection, path):
    start = time.monotonic()
    connection.request("GET", path)
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status != 200:
        raise ConnectionError(f"{path}: {answer.status}")
    tell("answer", f"{round((time.monotonic() - start) * 1000)} {path}")
    return text


def fetch_all(paths):
    """The texts, by one connection."""
    connection = Connection(HOST)
    try:
        return [fetch(connection, path) for path in paths]
    finally:
        connection.close()


def read_exactly(stream, count):
    data = stream.read(count)
    if len(data) < count:
        raise ConnectionError("closed")
    return data


def read_text(stream):
    """The next frame's text; a server masks nothing."""
    head, size = read_exactly(stream, 2)
    size &= 127
    if size == 126:
        (size,) = struct.unpack(">H", read_exactly(stream, 2))
    elif size == 127:
        (size,) = struct.unpack(">Q", read_exactly(stream, 8))
    payload = read_exactly(stream, size)
    return payload.decode() if head & 15 == 1 else "{}"


def open_socket():
    (client,) = fetch_all(["/@vite/client"])
    token = re.search(r'wsToken = "([^"]+)"', client).group(1)
    sock = dial(ADDRESS)
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [f"GET /?token={token} HTTP/1.1", f"Host: {HOST}", "Connection: Upgrade", "Upgrade: websocket"]
    lines += ["Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Protocol: vite-hmr", "", ""]
    sock.settimeout(PATIENCE)
    sock.sendall("\r\n".join(lines).encode())
    stream = sock.makefile("rb")
    status = stream.readline().decode().split()
    if status[1:2] != ["101"]:
        raise ConnectionError(f"no WebSocket: {status}")
    while stream.readline().strip():
        pass
    return stream


def take_update(message):
    if message.get("type") == "full-reload":
        tell("failed", "the page is loaded anew")
    paths = [update["acceptedPath"] for update in message.get("updates", [])]
    if "/word.js" not in paths:
        return
    (text,) = fetch_all([f"/word.js?t={message['updates'][0]['timestamp']}"])
    found = re.search(r'"(\d+) ([\d.]+)"', text)
    if found is None:
        return  # half of it is written: another update follows
    number, written = found.groups()
    tell("reload", f"{number} {round((time.time() - float(written)) * 1000)}")


def listen():
    while True:
        try:
            stream = open_socket()
            tell("socket", "open")
            while True:
                take_update(json.loads(read_text(stream)))
        except TimeoutError:
            tell("socket", "silent")
        except (OSError, http.client.HTTPException) as error:
            tell("socket", f"{type(error).__name__} {error}".strip())
            time.sleep(PAUSE)


threading.Thread(target=listen, daemon=True).start()
while True:
    try:
        fetch_all(["/", *MODULES])
    except (OSError, http.client.HTTPException) as error:
        tell("failed", f"{type(error).__name__} {error}")
    time.sleep(PAUSE)
