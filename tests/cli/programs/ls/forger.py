"""Says of files in a directory, in names with newlines, what is not so; its own name is a hostile one too.

Executes itself once more, as only then its command line is the hostile one.
"""

import os
import socket
import sys
import time

directory, code = sys.argv[1:3]
if len(sys.argv) == 3:
    os.execv("/proc/self/exe", ["\x1b[1m\n80 up", "-c", code, directory, code, "again"])


def forge(state, flags, inode, name):
    forger = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    forger.bind(f"\0\n0: 2 0 {flags} 0001 {state} {inode} {directory}/{name}")
    return forger


server = socket.socket(socket.AF_UNIX)
server.bind(f"{directory}/82.sock")
server.listen()
forgers = [
    forge("01", 10000, 4000000000, "81.sock"),
    forge("03", 0, 4000000001, "82.sock"),
]
forgers += [forge("01", 10000, os.fstat(server.fileno()).st_ino, "83.sock")]
print("ready", flush=True)
time.sleep(60)
