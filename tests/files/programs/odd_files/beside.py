import os
import sys

from outcomes import try_all
from port_files import files

make = {"a directory": os.mkdir, "a link to nowhere": lambda name: os.symlink("/nowhere", name), "a FIFO": os.mkfifo}
for name in ("2001.sock", "2001.dgram.sock"):
    make[sys.argv[1]](os.environ["UNSOCK_DIR"] + "/" + name)
before = files()
try_all()
assert files() == before
