"""Asks with a new connection each time until it is told to stop; says after each who has answered, and what failed."""

import http.client
import signal
import sys
import threading


def ask():
    while not stop.is_set():
        try:
            connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=20)
            connection.request("GET", "/")
            answer = connection.getresponse()
            text = answer.read().decode().strip()
            print(f"{answer.status} {text}", flush=True)
            connection.close()
        except Exception as error:
            print(f"failed {error!r}", flush=True)


stop = threading.Event()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
threads = [threading.Thread(target=ask) for _ in range(2)]
for thread in threads:
    thread.start()
signal.sigwait({signal.SIGUSR1})
stop.set()
for thread in threads:
    thread.join()
print("done", flush=True)
