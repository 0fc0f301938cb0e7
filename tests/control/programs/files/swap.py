"""Renames one thing after another onto the path, until it is killed."""

import itertools
import os
import socket
import sys

directory, place, stages = sys.argv[1], sys.argv[2], sys.argv[3:]
for count in itertools.count():
    name = stages[count % len(stages)]
    new = os.path.join(directory, "new")
    if name == "fifo":
        os.mkfifo(new)
    elif name == "socket":
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(new)
        listener.listen(1000)
    else:
        os.link(os.path.join(directory, name), new)
    os.rename(new, place)
    if count == 20:
        print("swapping", flush=True)
