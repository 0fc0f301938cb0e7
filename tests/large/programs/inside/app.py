"""A project as OAuth, cookies and CORS have it: an app on port 3000, and an API that is also its identity provider on 8000.

Each knows the other by localhost and its port. The app's page reports to the app what it has seen, which is printed.
"""

import http.server
import json
import sys
import threading
import urllib.parse

NAME = sys.argv[1]
APP, API = "http://localhost:3000", "http://localhost:8000"
CALLBACK = APP + "/callback"

PAGE = (
    """<!DOCTYPE html><title>app</title><script>
const ask = (path) =>
  fetch("%s" + path, { credentials: "include" }).then((answer) => answer.text(), (error) => error.name);
(async () => {
  const seen = { url: location.href, cookie: document.cookie, allowed: await ask("/who"), forbidden: await ask("/secret") };
  await fetch("/report", { method: "POST", body: JSON.stringify(seen) });
})();
</script>"""
    % API
)


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, format, *values):
        pass

    def answer(self, status, text="", **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def read_query(self):
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))


class App(Handler):
    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path
        if path == "/":
            self.answer(302, Location=f"{API}/authorize?state=s-{NAME}&redirect_uri={urllib.parse.quote(CALLBACK)}")
        elif path == "/callback":
            query = self.read_query()
            cookie = f"session={query['code']}-{query['state']}; Path=/; SameSite=Lax"
            self.answer(302, Location="/home", Set_Cookie=cookie)
        elif path == "/home":
            self.answer(200, PAGE, Content_Type="text/html")
        else:
            self.answer(404)

    def do_POST(self):
        seen = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(204)
        print("REPORT=" + json.dumps(seen, sort_keys=True), flush=True)


class Api(Handler):
    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path
        query = self.read_query()
        if path == "/authorize" and query["redirect_uri"] == CALLBACK:
            self.answer(302, Location=f"{CALLBACK}?code=c-{NAME}&state={query['state']}")
        elif path == "/who" and self.headers["Origin"] == APP:
            allowed = {"Access_Control_Allow_Origin": APP, "Access_Control_Allow_Credentials": "true"}
            self.answer(200, f"{NAME} heard {self.headers['Cookie']}", **allowed)
        else:
            self.answer(200, "secret")


servers = [http.server.ThreadingHTTPServer(("127.0.0.1", port), kind) for port, kind in ((3000, App), (8000, Api))]
for server in servers:
    threading.Thread(target=server.serve_forever).start()
print("READY=1", flush=True)
