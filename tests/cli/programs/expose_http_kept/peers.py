"""Three connections: at a word, a byte comes on the second, and the third ends: `DIRECTORY`."""

import os
import socket
import sys

os.chdir(sys.argv[1])
os.mkfifo("go")
os.mkfifo("done")
listener = socket.socket(socket.AF_UNIX)
listener.bind("socket")
listener.listen()
print("ready", flush=True)
peers = [listener.accept()[0] for _ in range(3)]
open("go").read()
peers[1].send(b"x")
peers[2].close()
open("done", "w").write("done")
sys.stdin.read()
