import socket
import subprocess
import sys

server = socket.create_server(("127.0.0.1", 80))
print(*(subprocess.run([sys.argv[1], *words]).returncode for words in (["wait", "80", "--timeout", "50"], ["prune"])))
