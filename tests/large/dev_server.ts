/** A development server: a page with its checkout's name, the cookie that it has set, and what its WebSocket says. */
const name = Deno.args[0] ?? "";

const PAGE = `<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>${name}</title>
<style>body{font:18px/1.6 sans-serif;margin:1.2em}h1{margin:0 0 .3em;font-size:1.2em}</style>
<h1>Checkout ${name}, port 3000</h1>
<p>Cookie: <b id="cookie"></b><br>WebSocket: <b id="socket"></b></p>
<script>
document.getElementById("cookie").textContent = document.cookie;
const socket = new WebSocket(location.origin.replace("http", "ws") + "/socket");
socket.onopen = () => socket.send("hello");
socket.onmessage = ({ data }) => document.getElementById("socket").textContent = data;
</script></html>`;

Deno.serve({ hostname: "127.0.0.1", port: Number(Deno.args[1] ?? 3000) }, (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/favicon.ico") return new Response(null, { status: 404 });
  if (pathname === "/socket") {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.send(`${name} heard ${data}`);
    return response;
  }
  const visits = Number(/visits=\w+-(\d+)/.exec(request.headers.get("cookie") ?? "")?.[1] ?? 0) + 1;
  return new Response(PAGE, {
    headers: { "content-type": "text/html; charset=utf-8", "set-cookie": `visits=${name}-${visits}` },
  });
});
