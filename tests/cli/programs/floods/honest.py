"""An honest client: `ADDRESS HOST`. It asks for / on a new connection, again and again, until it is ended. Prints how many
requests are answered, and the slowest answer in milliseconds, whenever either has grown: `answered=N slowest=MS`."""

import sys
import time

from dial import dial

ADDRESS, HOST = sys.argv[1:3]
REQUEST = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
PAUSE = 0.01


def ask():
    with dial(ADDRESS) as client:
        client.settimeout(60)
        client.sendall(REQUEST)
        answer = b""
        while part := client.recv(1 << 16):
            answer += part
    return answer


slowest = answered = 0
while True:
    start = time.monotonic()
    answer = ask()
    slowest = max(slowest, round((time.monotonic() - start) * 1000))
    if not answer.startswith(b"HTTP/1.1 200 "):
        sys.exit(f"no answer: {answer[:100]}")
    answered += 1
    print(f"answered={answered} slowest={slowest}", flush=True)
    time.sleep(PAUSE)
