import os
import socket

listener = socket.socket(socket.AF_UNIX)
listener.bind(os.environ["UNSOCK_DIR"] + "/2001.sock")
