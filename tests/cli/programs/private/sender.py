"""Sends signals to the process that it starts, each when the last one has been told of."""

import os
import signal
import subprocess
import sys

child = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True, process_group=0)
print(child.stdout.readline(), end="")
steps = [
    lambda: os.kill(child.pid, signal.SIGUSR1),
    lambda: os.killpg(child.pid, signal.SIGUSR2),
    lambda: os.kill(child.pid, signal.SIGRTMIN + 1),
    lambda: os.kill(child.pid, signal.SIGINT),
    lambda: os.killpg(child.pid, signal.SIGHUP),
]
for step in steps:
    step()
    print(child.stdout.readline(), end="")
print(child.stdout.read(), child.wait())
