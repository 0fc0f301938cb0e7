import socket
import sys

s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
d = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
d.bind(sys.argv[2])
a = socket.socket(socket.AF_UNIX)
a.bind("\0" + sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
s.listen()
a.listen()
print("listens", flush=True)
sys.stdin.readline()
