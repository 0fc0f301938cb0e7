"""Sends all before it reads: to HOST, at PORT, SIZE bytes."""

import http.client
import sys

host, port, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
connection.request("POST", "/", b"x" * size, {"Host": f"{host}.localhost"})
answer = connection.getresponse()
print(answer.status, answer.read().decode().split()[0])
