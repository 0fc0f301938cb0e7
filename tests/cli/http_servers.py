"""Servers of HTTP that do one thing each, as their name says, at port 3000. What a server is to tell a test, it prints."""

import socket
import sys
import threading

server = socket.create_server(("127.0.0.1", 3000))
print("ready", flush=True)


def read_until(client, end, rest=b""):
    while end not in rest:
        part = client.recv(65536)
        if not part:
            break
        rest += part
    head, _, rest = rest.partition(end)
    return head + end, rest


def answer(client, body, more=b""):
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n%s" % (len(body), more, body))


def echo(client):
    """Answers with the request, head and body, as it came."""
    head, rest = read_until(client, b"\r\n\r\n")
    if b"chunked" in head:
        rest, more = read_until(client, b"\r\n0\r\n", b"\r\n" + rest)
        rest += read_until(client, b"\r\n\r\n", b"\r\n" + more)[0][2:]
    answer(client, head + rest)


def stages(client):
    """Says 103 and, where it is wanted, 100; then answers in chunks, with a trailer that has the request's."""
    head, rest = read_until(client, b"\r\n\r\n")
    client.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n")
    if b"100-continue" in head:
        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    body, rest = read_until(client, b"\r\n0\r\n", b"\r\n" + rest) if b"chunked" in head else (b"", rest)
    trailer, _ = read_until(client, b"\r\n\r\n", b"\r\n" + rest) if body else (b"\r\nX-None: 1\r\n\r\n", b"")
    client.sendall(b"HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n")
    client.sendall(b"0\r\nX-Sum: 42\r\nX-Got: %s\r\n\r\n" % trailer.strip().split(b": ")[-1])


def refuses(client):
    """Says after the first bytes that they are too many, and closes."""
    client.recv(1024)
    body = b"too large\n"
    client.sendall(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def endless(client):
    """The same by an answer that has no length but its connection's end."""
    client.recv(1024)
    client.sendall(b"HTTP/1.0 413 Too Large\r\n\r\ntoo large\n")


def agrees(client):
    """Changes to WebSocket's protocol if any is asked for, and prints all that comes."""
    head, rest = read_until(client, b"\r\n\r\n")
    print(head, rest, flush=True)
    if b"\r\nupgrade: " not in head.lower():
        return answer(client, b"as before")
    client.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    while part := client.recv(65536):
        print(part, flush=True)
        client.sendall(part)
    client.sendall(b"end")


def waits(client):
    """Never answers, and prints when its client has gone."""
    read_until(client, b"\r\n\r\n")
    print("asked", flush=True)
    try:
        while client.recv(65536):
            pass
    except ConnectionError:
        pass
    print("gone", flush=True)


def doubles(client):
    """Answers one request with two answers, and keeps the connection."""
    read_until(client, b"\r\n\r\n")
    answer(client, b"first")
    answer(client, b"second")
    while client.recv(65536):
        pass


def silent(client):
    """Closes without an answer."""
    read_until(client, b"\r\n\r\n")


def strange(client):
    """Speaks HTTP/2, and answers the first stream with a status that does not exist."""
    client.recv(65536)
    client.sendall(bytes([0, 0, 0, 4, 0, 0, 0, 0, 0]) + bytes([0, 0, 0, 4, 1, 0, 0, 0, 0]))
    client.sendall(bytes([0, 0, 5, 1, 5, 0, 0, 0, 1]) + b"\x08\x03999")
    while client.recv(65536):
        pass


def events(client):
    """Sends a head, waits for a word of its client's next connection, and then sends the rest."""
    head, _ = read_until(client, b"\r\n\r\n")
    if head.startswith(b"GET /go"):
        go.set()
        return answer(client, b"went")
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
    go.wait()
    client.sendall(b"data: 1\n\n")


OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: 2\r\n\r\n"
ODD = {
    b"/trailer": OK + b"Trailer: X-Sum\r\n" + LENGTH + b"ok",
    b"/switches": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\nGET",
    b"/101": b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + OK + LENGTH + b"ok",
    b"/999": b"HTTP/1.1 999 Odd\r\n" + LENGTH + b"ok",
    b"/99": b"HTTP/1.1 099 Odd\r\n" + LENGTH + b"ok",
    b"/1": b"HTTP/1.1 1 Odd\r\n" + LENGTH + b"ok",
    b"/hints": b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" * 5000 + OK + LENGTH + b"ok",
    b"/199": b"HTTP/1.1 199 Odd\r\n\r\n" + OK + LENGTH + b"ok",
    b"/long": OK + b"X: %s\r\n" % (b"a" * 200_000) + LENGTH + b"ok",
    b"/name": OK + b"X Y: 1\r\n" + LENGTH + b"ok",
    b"/control": OK + b"X: a\x01b\r\n" + LENGTH + b"ok",
    b"/lengths": OK + b"Content-Length: 3\r\n" + LENGTH + b"ok",
    b"/both": OK + b"Transfer-Encoding: chunked\r\n" + LENGTH + b"2\r\nok\r\n0\r\n\r\n",
    b"/chunk": OK + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nok\r\n0\r\n\r\n",
    b"/204": b"HTTP/1.1 204 No Content\r\n" + LENGTH,
    b"/old": b"ok\r\n",
    b"/reason": b"HTTP/1.1 200 \xffo\r\n" + LENGTH + b"ok",
}


def odd(client):
    """Answers as few servers do, by the path."""
    head, _ = read_until(client, b"\r\n\r\n")
    method, path = head.split()[:2]
    text = ODD[path]
    client.sendall(text.removesuffix(b"ok") if method == b"HEAD" else text)


KEPT = {
    b"/stray": OK + LENGTH + b"ok" + OK + LENGTH + b"no",
    b"/partial": OK + LENGTH + b"ok" + OK + b"X: ",
    b"/garbage": OK + LENGTH + b"ok\r\n\r\nGET",
    b"/late": OK + LENGTH + b"ok",
    b"/closes": OK + LENGTH + b"ok",
    b"/endless": OK + b"\r\nok",
    b"/old": b"HTTP/1.0 200 OK\r\n" + LENGTH + b"ok",
    b"/204": b"HTTP/1.1 204 No Content\r\n\r\n",
    b"/304": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
    b"/chunks": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX: y\r\n\r\n",
    b"/hints": b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" + OK + LENGTH + b"ok",
    b"/negotiate": OK + b"WWW-Authenticate: Negotiate x\r\n" + LENGTH + b"ok",
}
ENDS = [b"/closes", b"/endless"]
connections = iter(range(1, 1_000_000))


def keeps(client):
    """Keeps connections, and says by which one a request came, and what of it the server has seen. Some paths are odd."""
    number = next(connections)
    try:
        answer_turns(client, number)
    finally:
        print(f"<gone {number}>", flush=True)


def answer_turns(client, number):
    rest = b""
    for turn in range(1, 1_000_000):
        head, rest = read_until(client, b"\r\n\r\n", rest)
        if not head.strip():
            break
        method, path = head.split()[:2]
        print(f"<{method.decode()} {path.decode()} {number}>", flush=True)
        if turn > 1 and path == b"/drops":
            break
        if turn > 1 and path == b"/halves":
            client.sendall(OK + b"Content-Length: 99\r\n\r\nha")
            break
        if method == b"POST" and path == b"/drops":
            break
        if path == b"/ws":
            client.sendall(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello"
            )
            while part := client.recv(65536):
                client.sendall(part)
            break
        if path == b"/large":
            client.sendall(OK + b"Content-Length: 100000000\r\n\r\n" + b"x" * 50_000_000)
        if path in KEPT:
            client.sendall(KEPT[path])
        else:
            answer(client, b"" if method == b"HEAD" else b"[%d %d]" % (number, turn))
        if path == b"/late":
            client.sendall(OK + LENGTH + b"no")
            print("late", flush=True)
        if path in ENDS or b"Connection: close" in head:
            break


go = threading.Event()


def serve(client):
    try:
        globals()[sys.argv[1]](client)
    except ConnectionError:
        pass
    client.close()


while True:
    threading.Thread(target=serve, args=server.accept()[:1], daemon=True).start()
