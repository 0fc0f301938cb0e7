"""Sends all before it reads."""

import http.client
import sys

connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
connection.request("POST", "/", b"x" * int(sys.argv[2]), {"Host": "hasty.localhost"})
answer = connection.getresponse()
print(answer.status, answer.read(1).decode())
