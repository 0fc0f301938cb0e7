import subprocess
import sys

nobody = int(sys.argv[1])
sys.exit(subprocess.run(sys.argv[2:], user=nobody, group=nobody, extra_groups=[]).returncode)
