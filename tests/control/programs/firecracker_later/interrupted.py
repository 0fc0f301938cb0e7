import ctypes
import errno
import signal
import socket
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
signal.signal(signal.SIGUSR1, lambda *_: None)
s = socket.socket()
address = struct.pack("=H2s4s8s", socket.AF_INET, int(sys.argv[1]).to_bytes(2), bytes([127, 0, 0, 1]), bytes(8))
print("ready", flush=True)
libc.connect(s.fileno(), address, len(address))
print(errno.errorcode[ctypes.get_errno()], flush=True)
s.setblocking(False)
print(errno.errorcode[s.connect_ex(("127.0.0.1", int(sys.argv[1])))], flush=True)
while True:
    signal.pause()
