"""Makes TLS handshakes one after the other, on several connections at once: `PORT CONNECTIONS COUNT`. Every second one
of a connection's handshakes resumes the session of the one before. Prints `made=N resumed=N failed=N`."""

import socket
import ssl
import sys
import threading

PORT, CONNECTIONS, COUNT = map(int, sys.argv[1:4])
PATIENCE = 60
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.maximum_version = ssl.TLSVersion.TLSv1_2  # its session is known when the handshake is done
counts = {"made": 0, "resumed": 0, "failed": 0}


def shake(session):
    with socket.create_connection(("127.0.0.1", PORT)) as client:
        client.settimeout(PATIENCE)
        with context.wrap_socket(client, session=session) as secure:
            counts["resumed" if secure.session_reused else "made"] += 1
            return secure.session


def repeat():
    session = None
    for number in range(COUNT):
        try:
            session = shake(session if number % 2 else None)
        except OSError:
            counts["failed"] += 1


threads = [threading.Thread(target=repeat) for _ in range(CONNECTIONS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(*(f"{name}={count}" for name, count in counts.items()))
