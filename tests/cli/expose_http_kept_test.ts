/** `unsock expose --http` keeps a connection to the server for a client's next request, and only if that is safe. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { until } from "../support/wait.ts";
import { requestText, type Rig, testFront } from "./http_rig.ts";

const get = (path: string) => requestText(path, "keeps");
const PLACE = /\[(\d+) (\d+)\]/;

/** Sends a request, and returns the number of the connection by which the server got it, and its turn there. */
async function place(rig: Rig, held: Deno.Conn, request = get("/")): Promise<[number, number]> {
  const answer = await rig.say(held, request, "]");
  const [, connection, turn] = PLACE.exec(answer) ?? [];
  assert(answer.startsWith("HTTP/1.1 200 ") && turn !== undefined, answer);
  return [Number(connection), Number(turn)];
}

testFront(
  "expose --http: GETs of a client share a connection to the server, which no other client uses",
  async (rig) => {
    const server = await rig.special("keeps");
    await rig.expose();
    using held = await rig.connect();
    assertEquals([await place(rig, held), await place(rig, held)], [[1, 1], [1, 2]]);
    {
      using other = await rig.connect();
      assertEquals([await place(rig, other), await place(rig, other), await place(rig, held)], [[2, 1], [2, 2], [
        1,
        3,
      ]]);
    }
    await until("a client's end is that of its connection", () => server.output().includes("<gone 2>"));
    const post = get("/").replace("GET", "POST").replace("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\nab");
    assertEquals(await place(rig, held, post), [3, 1], "a body has a connection of its own");
    assertMatch(await rig.say(held, get("/").replace("GET", "HEAD"), "\r\n\r\n"), /^HTTP\/1\.1 200 /);
    const [last] = await place(rig, held);
    await until("the server's connection does not wait for long", () => server.output().includes(`<gone ${last}>`));
    assertEquals((await place(rig, held))[1], 1);
  },
);

const ODD = ["/stray", "/partial", "/garbage", "/late", "/closes", "/endless"];
const WHOLE = ["/204", "/304", "/chunks", "/hints"];

testFront("expose --http: only a whole answer with nothing behind it leaves its connection in use", async (rig) => {
  const server = await rig.special("keeps");
  await rig.expose();
  for (const path of [...ODD, ...WHOLE, "/old"]) {
    using held = await rig.connect();
    for (let i = 0; i < 5; i++) {
      const [before] = await place(rig, held);
      const lates = server.output().split("late").length;
      const end = path === "/endless" || path === "/chunks" ? "\r\n0\r\n" : /204|304/.test(path) ? "\r\n\r\n" : "ok";
      assertMatch(await rig.say(held, get(path), end), /HTTP\/1\.1 (200|204|304) /, path);
      if (path === "/late") await until("it has sent more", () => server.output().split("late").length > lates);
      const [after, turn] = await place(rig, held);
      if (WHOLE.includes(path)) assertStrictEquals(after, before, path);
      else assert(after > before && turn === 1, `${path}: ${before} ${after} ${turn}`);
    }
  }
  assert(!server.output().includes("no]"));
});

testFront("expose --http: a request is sent again only if it came too late for a kept connection", async (rig) => {
  const server = await rig.special("keeps");
  await rig.expose();
  using held = await rig.connect();
  const count = (text: string) => server.output().split(text).length - 1;
  for (let i = 1; i <= 10; i++) {
    await place(rig, held);
    assertEquals((await place(rig, held, get("/drops")))[1], 1, "closed without an answer: sent again, once");
    assertStrictEquals(count("<GET /drops "), 2 * i);
  }
  const post = get("/drops").replace("GET", "POST").replace("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\nab");
  assertMatch(await rig.say(held, post, "</ul>"), /^HTTP\/1\.1 502 /);
  assertStrictEquals(count("<POST /drops "), 1);
  using cut = await rig.connect();
  await place(rig, cut);
  assertMatch(
    await rig.say(cut, get("/halves")),
    /^HTTP\/1\.1 200 [^]*\r\n\r\nha$/,
    "the begin of an answer stays one",
  );
  assertStrictEquals(count("<GET /halves "), 1);
});

testFront("expose --http: a server that is killed and started again answers every request", async (rig) => {
  const words = ["--dir", `${rig.dir}/r/unsock/keeps`];
  const command = ["python3", new URL("./http_servers.py", import.meta.url).pathname, "keeps"];
  let server = await rig.start(words, command);
  await rig.expose();
  using held = await rig.connect();
  for (let i = 0; i < 3; i++) {
    await place(rig, held);
    Deno.kill(server.pid, "SIGKILL");
    await server.status;
    server = await rig.start(words, command);
    assertEquals(await place(rig, held), [1, 1]);
  }
});

testFront("expose --http: a server whose file another server has taken gets no more requests", async (rig) => {
  const directory = `${rig.dir}/r/unsock/keeps`;
  Deno.mkdirSync(directory, { mode: 0o700 });
  const path = `${directory}/3000.sock`;
  await using _old = Deno.serve({ path, onListen() {} }, () => new Response("[1 1]"));
  await rig.expose();
  using held = await rig.connect();
  assertEquals(await place(rig, held), [1, 1]);
  await Deno.remove(path);
  await using _other = Deno.serve({ path, onListen() {} }, () => new Response("[2 1]"));
  await until("the other one answers", async () => (await place(rig, held))[0] === 2);
});

testFront("expose --http: a WebSocket, 100 Continue and a client that leaves, after kept requests", async (rig) => {
  const server = await rig.special("keeps");
  await rig.expose();
  {
    using held = await rig.connect();
    const [before] = await place(rig, held);
    const post = get("/").replace("GET", "POST").replace(
      "\r\n\r\n",
      "\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
    );
    const [after] = await place(rig, held, `${post}ab`);
    assert(after > before);
  }
  {
    using held = await rig.connect();
    await place(rig, held);
    const upgrade = requestText("/ws", "keeps", "Connection: Upgrade\r\nUpgrade: websocket\r\n");
    assertMatch(await rig.say(held, upgrade, "hello"), /^HTTP\/1\.1 101 /);
    assertStrictEquals(await rig.say(held, "ping", "ping"), "ping");
  }
  {
    using held = await rig.connect();
    await place(rig, held);
    await rig.say(held, get("/large"), "xxx");
  }
  const [, number] = /<GET \/large (\d+)>/.exec(server.output()) ?? [];
  await until("the server hears that its client has left", () => server.output().includes(`<gone ${number}>`));
  using held = await rig.connect();
  assertEquals((await place(rig, held))[1], 1);
});
