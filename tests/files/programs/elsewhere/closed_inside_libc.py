import ctypes

from place import served, serving, there

libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
libc.fclose(ctypes.c_void_p(libc.fdopen(serving().detach(), b"r")))
print(there())
server = serving()
print(served(server))
server.close()
print(there())
