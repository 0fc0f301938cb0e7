import os
import sys

from facts import fact
from handed import listen, new, served

fd = new()
life = "after exec" if sys.argv[1:] else "before exec"
fact(f"{life}: listen", listen(fd))
fact(f"{life}: served", served(fd))
if not sys.argv[1:]:
    os.execv(sys.executable, [sys.executable, "-c", sys.orig_argv[2], "again"])
