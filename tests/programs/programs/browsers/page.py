"""A server with a page that asks it by a WebSocket and downloads a file, and a browser with its sandbox that opens it."""

import base64
import hashlib
import http.server
import json
import os
import pathlib
import socketserver
import subprocess
import sys
import threading
import time

from facts import fact

HOME = pathlib.Path(sys.argv[1])
PAGE = b"""<!DOCTYPE html><a id="file" href="/file" download="file.bin">file</a><script>
const socket = new WebSocket(`ws://${location.host}/socket`);
socket.onopen = () => socket.send("asked");
socket.onmessage = async ({ data }) => {
  localStorage.setItem("heard", data);
  await fetch("/heard", { method: "POST", body: localStorage.getItem("heard") });
  document.getElementById("file").click();
};
</script>"""
FILE = bytes(range(256)) * 4096
heard = []


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if self.path == "/socket":
            self.talk()
        elif self.path == "/file":
            self.reply(FILE, "application/octet-stream")
        else:
            self.reply(PAGE, "text/html")

    def do_POST(self):
        heard.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.reply(b"", "text/plain")

    def talk(self):
        """RFC 6455: one short message, masked, and its answer."""
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key.encode()).digest()).decode())
        self.end_headers()
        length = self.rfile.read(2)[1] & 127
        mask = self.rfile.read(4)
        text = bytes(byte ^ mask[i % 4] for i, byte in enumerate(self.rfile.read(length)))
        answer = b"heard " + text
        self.wfile.write(bytes([0x81, len(answer)]) + answer)
        self.rfile.read(1)
        self.close_connection = True


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


def sandboxed_renderers():
    """Those that have a filter of their own: how many filters each has beside what it was started with."""
    own = filters_of("self")
    count = 0
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if RENDERER in (process / "cmdline").read_bytes() and filters_of(process.name) > own:
                count += 1
        except OSError:
            pass
    return count


def filters_of(process):
    lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Seccomp_filters:"))


def chromium():
    """Writes the settings of a profile, and returns the command."""
    (HOME / "profile" / "Default").mkdir(parents=True)
    preferences = {"download": {"default_directory": str(downloads), "prompt_for_download": False}}
    (HOME / "profile" / "Default" / "Preferences").write_text(json.dumps(preferences))
    flags = [
        "--headless=new",
        "--disable-gpu",
        "--no-first-run",
        "--no-proxy-server",
        "--disable-background-networking",
    ]
    return ["chromium", *flags, f"--user-data-dir={HOME}/profile", URL]


def firefox():
    """Writes the settings of a profile, and returns the command."""
    (HOME / "profile").mkdir()
    preferences = {
        "browser.download.dir": str(downloads),
        "browser.download.folderList": 2,
        "browser.download.useDownloadDir": True,
        "browser.shell.checkDefaultBrowser": False,
        "network.proxy.type": 0,
    }
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items()]
    (HOME / "profile" / "user.js").write_text("".join(lines))
    return ["firefox-esr", "--headless", "--no-remote", "--profile", f"{HOME}/profile", URL]


URL = "http://127.0.0.1:8080/"
# For each browser: its command, a word of its processes that draw pages, and its message about a forbidden call.
BROWSERS = {
    "chromium": (chromium, b"--type=renderer", "seccomp-bpf failure"),
    "firefox-esr": (firefox, b"-contentproc", "seccomp sandbox violation"),
}
command, RENDERER, KILLED = BROWSERS[sys.argv[2]]
downloads = HOME / "downloads"
downloads.mkdir()
server = Server(("127.0.0.1", 8080), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
log = open(HOME / "log", "w")
browser = subprocess.Popen(command(), stdout=log, stderr=log, env={**os.environ, "HOME": str(HOME)})
file = downloads / "file.bin"
while browser.poll() is None and not (file.exists() and file.stat().st_size == len(FILE)):
    time.sleep(0.05)
renderers = sandboxed_renderers()
browser.terminate()
browser.wait()
said = (HOME / "log").read_text(errors="replace")
fact("heard", heard)
fact("downloaded", file.exists() and file.read_bytes() == FILE)
fact("a renderer has its filter", renderers > 0)
fact("killed by a filter", said.count(KILLED))
if not file.exists():
    sys.exit(said)
