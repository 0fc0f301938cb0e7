import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)


class Part(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class Message(ctypes.Structure):
    _fields_ = [
        ("name", ctypes.c_void_p),
        ("namelen", ctypes.c_uint),
        ("parts", ctypes.c_void_p),
        ("count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("controllen", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    ]


class Messages(ctypes.Structure):
    _fields_ = [("message", Message), ("length", ctypes.c_uint)]


def receive(fd, room, flags, many=False):
    """What recvmsg (or recvmmsg) gives: bytes, the length of the control data, flags."""
    data, control = ctypes.create_string_buffer(10), ctypes.create_string_buffer(4096)
    part = Part(ctypes.addressof(data), 10)
    one = Messages(Message(None, 0, ctypes.addressof(part), 1, ctypes.addressof(control) if room else None, room))
    if many:
        got = libc.recvmmsg(fd, ctypes.byref(one), 1, flags, None)
        got = one.length if got == 1 else got
    else:
        got = libc.recvmsg(fd, ctypes.byref(one), flags)
    return got, one.message.controllen, one.message.flags & ~0x40000000


def accepted():
    return libc.accept(3, None, None)


def opened():
    return len(os.listdir("/proc/self/fd"))
