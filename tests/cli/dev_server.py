"""A development server as far as a test needs one: it says its name, what it was sent, and to whom. It never closes a
connection by itself, whatever it is told (`stubborn`), or as it is told; `hasty`, without having read the body."""

import socket
import sys
import threading

NAME, PORT, MANNER = sys.argv[1:4]
server = socket.create_server(("127.0.0.1", int(PORT)))
seen = []
print("ready", flush=True)


def read_head(client, rest):
    while b"\r\n\r\n" not in rest:
        part = client.recv(65536)
        if not part:
            return None, b""
        rest += part
    head, _, rest = rest.partition(b"\r\n\r\n")
    return head.decode(), rest


def read_body(client, headers, rest):
    if headers.get("transfer-encoding") == "chunked":
        while b"0\r\n\r\n" not in rest:
            rest += client.recv(65536)
        return rest.partition(b"0\r\n\r\n")
    size = int(headers.get("content-length", 0))
    while len(rest) < size:
        rest += client.recv(65536)
    return rest[:size], b"", rest[size:]


def serve(client):
    rest = b""
    while True:
        head, rest = read_head(client, rest)
        if head is None:
            return client.close()
        line, *fields = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        seen.append(f"{line.split()[1]} {headers['host'].split(':')[0]}")
        if headers.get("upgrade") == "websocket" and line.split()[1] == "/ws":
            client.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
            client.sendall(NAME.encode())
            while part := client.recv(65536):
                client.sendall(part)
            return client.close()
        body, _, rest = (b"", b"", b"") if MANNER == "hasty" else read_body(client, headers, rest)
        parts = [NAME, headers.get("cookie", "-"), headers.get("connection", "-"), str(len(body)), ",".join(seen)]
        answer = " ".join(parts).encode()
        ends = headers.get("connection") == "close" and MANNER != "stubborn"
        client.sendall(
            b"HTTP/1.1 200 OK\r\nSet-Cookie: name=%s\r\nContent-Length: %d\r\n%s\r\n%s"
            % (NAME.encode(), len(answer), b"Connection: close\r\n" if ends else b"", answer)
        )
        if ends:
            return client.close()


while True:
    threading.Thread(target=serve, args=server.accept()[:1], daemon=True).start()
