#!/usr/bin/python3
"""Stands for vite: serves the directory, and prints the URL as vite does. tests/large has the real one."""

import http.server
import sys

port = int(sys.argv[sys.argv.index("--port") + 1])
server = http.server.ThreadingHTTPServer(("localhost", port), http.server.SimpleHTTPRequestHandler)
print(f"  \u279c  Local:   http://localhost:{port}/", flush=True)
server.serve_forever()
