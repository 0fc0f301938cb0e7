"""Sends requests at once, each on a connection of its own: `ADDRESS COUNT REQUEST…`, where request after request is
taken from the list until there are COUNT. Prints each distinct answer, in JSON, a line each."""

import json
import sys
import threading

from dial import dial

ADDRESS, COUNT, REQUESTS = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
PATIENCE = 60


def ask(number, answers):
    answer = b""
    try:
        with dial(ADDRESS) as client:
            client.settimeout(PATIENCE)
            client.sendall(REQUESTS[number % len(REQUESTS)].encode())
            while part := client.recv(1 << 16):
                answer += part
    except OSError as error:
        answer += f"({error})".encode()
    answers.add(answer.decode("latin1"))


found = set()
threads = [threading.Thread(target=ask, args=(number, found)) for number in range(COUNT)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for text in sorted(found):
    print(json.dumps(text))
