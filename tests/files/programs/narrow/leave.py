"""Leaves the socket file of port 2002."""

import socket
import sys

left = socket.socket(socket.AF_UNIX)
left.bind(sys.argv[1] + "/2002.sock")
