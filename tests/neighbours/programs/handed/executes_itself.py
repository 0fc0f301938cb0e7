import os
import sys

from handed import listen, new, served

fd = new()
print(listen(fd), served(fd), flush=True)
if not sys.argv[1:]:
    os.execv(sys.executable, [sys.executable, "-c", sys.orig_argv[2], "again"])
