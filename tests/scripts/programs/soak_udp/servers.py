"""Two servers in one program, which answer in a certain way, and the client: tells what the client found."""

import json
import os
import re
import select
import socket
import struct
import subprocess
import sys
import tempfile

soak, how, questions = sys.argv[1], sys.argv[2], int(sys.argv[3])
sys.path.insert(0, soak)
from common import pack, unpack

socks = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
for sock in socks:
    sock.bind(("127.0.0.1", 0))
ports = [sock.getsockname()[1] for sock in socks]
output = tempfile.TemporaryFile()
client = subprocess.Popen([sys.executable, soak + "/udp.py", "unconnected", *map(str, ports)], stdout=output)
answers, before, astray, is_asked_to_end = {}, None, set(), False


def answer(i, payload, asker):
    """Right, but for what the story says."""
    global before
    one, other = (socks[i], ports[i]), (socks[1 - i], ports[1 - i])
    if how == "another server":
        one = other
    if how == "another name":
        one = one[0], other[1]
    if how == "other bytes":
        payload = payload[:-1] + bytes([payload[-1] ^ 1])
    if how == "late" and (asker, 1 - i) in answers:
        other[0].sendto(answers[asker, 1 - i], asker)
    if how == "former holder":
        one[0].sendto(pack(bytes(8) + struct.pack("!H", asker[1]) + b"x", one[1]), asker)
    answers[asker, i] = pack(payload, one[1])
    knows_port = struct.unpack_from("!8xH", payload)[0] != 0
    goes_astray = how == "another client" and before not in (None, asker) and knows_port and asker not in astray
    if goes_astray:
        astray.add(asker)  # asked again, it is answered: nothing is lost
    one[0].sendto(answers[asker, i], before if goes_astray else asker)
    before = asker


while client.poll() is None:
    for sock in select.select(socks, [], [], 0.02)[0]:
        frame, asker = sock.recvfrom(65536)
        answer(socks.index(sock), unpack(frame)[0], asker)
        questions -= 1
        # Which clients ask in turn is chance: the story goes on until it has happened.
        happened = how != "another client" or b'"why"' in os.pread(output.fileno(), 1 << 20, 0)
        if questions <= 0 and (happened or questions < -5000) and not is_asked_to_end:
            client.terminate()
            is_asked_to_end = True
output.seek(0)
told = [json.loads(line) for line in output]
total = lambda column: sum(line.get(column, 0) for line in told)
print("answered" if total("done") > 0 else "not answered", "passed over" if total("apart") > 0 else "none passed over")
for why in sorted({re.sub("[0-9]+", "0", line["why"]) for line in told if "why" in line}):
    print(why)
