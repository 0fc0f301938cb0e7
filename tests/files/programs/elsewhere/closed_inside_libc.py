import ctypes

from facts import fact
from place import served, serving, there

libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
libc.fclose(ctypes.c_void_p(libc.fdopen(serving().detach(), b"r")))
fact("there when closed inside libc", there())
server = serving()
fact("the next one", served(server))
server.close()
fact("there when closed", there())
