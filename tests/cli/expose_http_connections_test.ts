/** `unsock expose --http`: of one connection each request is for its own server, and upgrades are passed both ways. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { fromFileUrl } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { until } from "../support/wait.ts";
import { NOT_PASSED } from "./floods.ts";
import { ignore, requestText, RUNTIMES, testFront } from "./http_rig.ts";

const UPGRADE = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n";
const H2C = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n";
const LARGE = 3_000_000;
const KEPT_SOCKETS = fromFileUrl(new URL("./kept_sockets.ts", import.meta.url));

testFront("expose --http: a connection stays open, and each request of it goes to its own server", async (rig) => {
  await rig.serve(["--name", "main", "--private"], "A", 3000);
  await rig.serve(["--name", "stubborn", "--private"], "S", 3000, "stubborn");
  await rig.expose();
  using held = await rig.connect();
  for (let i = 0; i < 20; i++) {
    const [name, host] = i % 2 === 0 ? ["A", "main"] : ["S", "stubborn"];
    const answer = await rig.say(held, requestText(`/${i}`, host ?? ""), `/${i} ${host}`);
    assertMatch(answer, new RegExp(`^HTTP/1\\.1 200 [^]*\\r\\n\\r\\n${name} `));
  }
  assertMatch(await rig.say(held, requestText("/", "nobody"), "</ul>"), /^HTTP\/1\.1 404 /);
  const all = Array.from({ length: 30 }, (_, i) => requestText(`/p${i}`, i % 2 === 0 ? "main" : "stubborn")).join("");
  const answers = await rig.say(held, all, "/p29 stubborn");
  const order = [...answers.matchAll(/\r\n\r\n([AS]) /g)].map(([, name]) => name).join("");
  assertStrictEquals(order, "AS".repeat(15), "requests sent at once are answered in their order");
  const seen = await rig.text("stubborn.localhost/seen");
  assert(!seen.includes("main"), seen);
  assert(!(await rig.text("main.localhost/seen")).includes("stubborn"));
  assertMatch(await rig.say(held, requestText("/", "main", "Connection: close\r\n")), /\r\nConnection: close\r\n/);
  assertMatch(await rig.raw(requestText("/old", "main").replace("1.1", "1.0")), /^HTTP\/1\.1 200 [^]*\/old main/);
});

testFront("expose --http: bodies of either length pass, and WebSockets both ways", async (rig) => {
  await rig.serve(["--name", "main", "--private"], "A", 3000);
  await rig.serve(["--name", "other", "--private"], "O", 3000);
  await rig.expose();
  const large = `${rig.dir}/large`;
  await Deno.writeFile(large, new Uint8Array(LARGE));
  assertMatch(await rig.text("main.localhost/", "--data-binary", `@${large}`), /^A - close 3000000 /);
  const chunked = ["-H", "Transfer-Encoding: chunked", "--data-binary", "12345"];
  assertMatch(await rig.text("main.localhost/", ...chunked), /^A - close 10 /);
  assertMatch(await rig.text("main.localhost/", "-X", "POST"), /^A - close 0 /);

  using socket = await rig.connect();
  assertMatch(
    await rig.say(socket, requestText("/ws", "main", UPGRADE), "\r\n\r\nA"),
    /^HTTP\/1\.1 101 [^]*\r\nUpgrade: websocket\r\n/,
  );
  const frames = "GET /steal HTTP/1.1\r\nHost: other.localhost\r\n\r\n";
  assertMatch(await rig.say(socket, frames, frames), /GET \/steal/, "what follows is no request any more");
  const echoed = await rig.say(socket, "x".repeat(LARGE) + "!", "!");
  assertStrictEquals(echoed.length, LARGE + 1);
  await socket.closeWrite();
  assertStrictEquals(await socket.read(new Uint8Array(1)), null, "the server hears that no more comes, and ends");
  assert(!(await rig.text("other.localhost/seen")).includes("steal"));
});

testFront("expose --http: a refused upgrade is answered, and no request behind it gets to that server", async (rig) => {
  await rig.serve(["--name", "main", "--private"], "A", 3000);
  await rig.serve(["--name", "stubborn", "--private"], "S", 3000, "stubborn");
  await rig.expose();
  const two = requestText("/first", "stubborn", UPGRADE) + requestText("/second", "main");
  assertMatch(
    await rig.raw(two),
    /^HTTP\/1\.1 200 [^]*\r\nConnection: close\r\n\r\nS [^]*\/first stubborn\.localhost$/,
  );
  const behind = requestText("/slow", "stubborn") + requestText("/ws", "main", UPGRADE);
  assert(!(await rig.raw(behind, "101")).includes("101"), "none is passed behind a request that is not answered yet");
  const seen = await rig.text("stubborn.localhost/seen");
  assert(!seen.includes("second") && !seen.includes("main"), seen);
  assert(!(await rig.text("main.localhost/seen")).includes("second"));
  assertMatch(await rig.raw(requestText("/", "nobody", UPGRADE)), /^HTTP\/1\.1 404 /);
  assertMatch(await rig.raw(requestText("/", "7.main", UPGRADE)), /^HTTP\/1\.1 502 /);
});

testFront("expose --http: an upgrade to WebSocket is passed, to no other protocol", async (rig) => {
  const agrees = await rig.special("agrees");
  await rig.expose();
  for (const protocol of NOT_PASSED) {
    const asked = H2C.replace("Upgrade: h2c", `Upgrade: ${protocol}`);
    using held = await rig.connect();
    assertMatch(await rig.say(held, requestText("/", "agrees", asked), "as before"), /^HTTP\/1\.1 200 /, protocol);
    assertMatch(await rig.say(held, requestText("/", "agrees"), "as before"), /^HTTP\/1\.1 200 /, "and stays open");
  }
  const post = requestText("/", "agrees", `${H2C}Content-Length: 5\r\n`).replace("GET", "POST") + "12345";
  assertMatch(await rig.raw(post, "as before"), /^HTTP\/1\.1 200 /);
  assert(!/http2-settings|upgrade/i.test(agrees.output()), agrees.output());
  const both = requestText("/", "agrees", H2C.replace("h2c", "h2c, WebSocket"));
  using socket = await rig.connect();
  assertMatch(await rig.say(socket, both, "\r\n\r\n"), /^HTTP\/1\.1 101 [^]*\r\nUpgrade: websocket\r\n/);
  assertStrictEquals(await rig.say(socket, "ping", "ping"), "ping");
  await until("the server has it", () => agrees.output().includes("ping"));
  assert(!/h2c/.test(agrees.output()));
});

testFront("expose --http: bytes after a server's answer reach no other request", async (rig) => {
  await rig.special("doubles");
  await rig.expose();
  using held = await rig.connect();
  const answers: string[] = [];
  for (let i = 0; i < 3; i++) answers.push(await rig.say(held, requestText("/", "doubles"), "first"));
  assertEquals(answers.filter((answer) => answer.includes("second")), []);
});

for (const { name, program } of RUNTIMES) {
  Deno.test({
    name: `expose --http: no connection to a server stays in memory once it is closed (${name})`,
    ignore,
    fn: () =>
      withDir(async (dir) => {
        await using _server = Deno.serve({ path: `${dir}/3000.sock`, onListen() {} }, () => new Response("hello"));
        const { stdout, stderr } = await run([...program, KEPT_SOCKETS, dir, "3000"]);
        assertStrictEquals(stdout, "none kept\n", stderr);
      }),
  });
}

testFront("a front whose standard error nobody reads goes on, and sleeps when it has nothing to do", async (rig) => {
  const front = await rig.expose("", {}, ["bash", "-c", 'exec "$@" 2> >(:)', "bash"]);
  // A client that writes HTTPS is worth a line.
  await rig.raw("\x16\x03\x01\x00\x05hello");
  assertMatch(await rig.text("localhost/"), /<html/);
  const state = () => Deno.readTextFileSync(`/proc/${front.pid}/stat`).replace(/^.*\) /, "").charAt(0);
  await until("it sleeps", () => state() === "S");
});
