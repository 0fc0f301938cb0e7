import os
import sys

pid = os.posix_spawn(sys.argv[1], sys.argv[1:], {})
sys.exit(os.waitpid(pid, 0)[1])
