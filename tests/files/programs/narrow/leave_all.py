import os
import socket

first, last = map(int, open("/proc/sys/net/ipv4/ip_local_port_range").read().split())
for port in range(first, last + 1):
    for name in (".%d@127.0.0.1", "%d.dgram.sock"):
        left = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if "@" in name else socket.SOCK_DGRAM)
        left.bind(os.environ["UNSOCK_DIR"] + "/" + name % port)
        left.close()
    os.symlink(".%d@127.0.0.1" % port, os.environ["UNSOCK_DIR"] + "/%d.sock" % port)
