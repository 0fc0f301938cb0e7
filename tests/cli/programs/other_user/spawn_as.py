import os
import sys

nobody = int(sys.argv[1])
os.setgroups([])
os.setgid(nobody)
os.setuid(nobody)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ), 0)[1]))
