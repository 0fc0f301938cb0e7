"""Runs a command whose standard output nobody reads, and prints its standard error."""

import os
import subprocess
import sys

_reader, writer = os.pipe()
process = subprocess.Popen(sys.argv[1:], stdout=writer)
print("started", flush=True)
sys.exit(process.wait())
