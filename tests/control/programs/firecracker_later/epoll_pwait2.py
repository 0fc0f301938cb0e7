import ctypes
import select

from connecting import address, error, name, s
from facts import fact

libc = ctypes.CDLL(None, use_errno=True)
s.setblocking(False)
edges, event, time = select.epoll(), ctypes.create_string_buffer(16), (ctypes.c_long * 2)(30, 0)
edges.register(s, select.EPOLLOUT)
fact("connect", name(s.connect_ex(address)))
fact("events", libc.epoll_pwait2(edges.fileno(), event, 1, time, None))
fact("error", error())
