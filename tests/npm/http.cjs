/** The module by `require`, and what its `fetch` has of the runtime's own: it prints what it got, a line each. */
const { once } = require("node:events");
const { isSupported, loopback, UnsockError } = require("unsock");

const SERVER = `
require("node:http").createServer((request, answer) => {
  const { method, url, headers } = request;
  if (url === "/slow") return;
  const status = url === "/empty" ? 204 : url === "/moved" ? 302 : 200;
  answer.writeHead(status, { "set-cookie": ["a=1", "b=2"], location: "/" });
  let body = "";
  request.on("data", (text) => body += text);
  request.on("end", () => answer.end([method, url, headers.host, headers["content-type"], body].join(" ")));
}).listen(8000, "127.0.0.1");
`;

async function main() {
  const lo = await loopback({ dir: process.env.TEST_SOCKETS });
  lo.spawn("node", ["-e", SERVER], { stdio: "inherit" });
  await lo.wait(8000);
  const get = await lo.fetch(8000, "/a?b=c");
  console.log(get.status, get.ok, get.headers.getSetCookie().join(), await get.text());
  const post = await lo.fetch("8000/tcp", "/", { method: "POST", body: new URLSearchParams({ x: "1" }) });
  console.log(await post.text());
  for (const path of ["/empty", "/moved"]) console.log((await lo.fetch(8000, path)).status);
  console.log((await lo.fetch(8000, "/", { method: "HEAD", headers: { host: "it.localhost" } })).status);
  await lo.fetch(8000, "/slow", { signal: AbortSignal.timeout(20) }).catch(({ name }) => console.log(name));
  const socket = lo.connect(8000);
  await once(socket, "connect");
  socket.destroy();
  await lo.close();
  const again = await import("unsock");
  console.log(isSupported, again.isSupported, again.UnsockError === UnsockError);
}

main();
