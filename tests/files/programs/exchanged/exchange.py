"""Exchanges DIR/d and DIR/l (renameat2(2), RENAME_EXCHANGE), as another user."""

import ctypes
import os
import sys

stranger = int(sys.argv[2])
os.setgroups([])
os.setgid(stranger)
os.setuid(stranger)
libc = ctypes.CDLL(None, use_errno=True)
names = [os.path.join(sys.argv[1], name).encode() for name in ("d", "l")]
for _ in range(1000):
    if libc.renameat2(-100, names[0], -100, names[1], 2) != 0:
        sys.exit("renameat2: %d" % ctypes.get_errno())
print("at it", flush=True)
while True:
    libc.renameat2(-100, names[0], -100, names[1], 2)
