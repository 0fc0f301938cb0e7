/** `unsock expose --http` keeps a connection to the server for the next request, and only if that is safe. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { makeCertificate } from "../support/certificates.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { until } from "../support/wait.ts";
import { ignore, requestText, type Rig, RUNTIMES, testFront } from "./http_rig.ts";

const programText = programsOf(import.meta);
const QUIET_SOCKETS = new URL("./quiet_sockets.ts", import.meta.url).pathname;

const get = (path: string) => requestText(path, "keeps");
const PLACE = /\[(\d+) (\d+)\]/;

/** Sends a request, and returns the number of the connection by which the server got it, and its turn there. */
async function place(rig: Rig, held: Deno.Conn, request = get("/")): Promise<[number, number]> {
  const answer = await rig.say(held, request, "]");
  const [, connection, turn] = PLACE.exec(answer) ?? [];
  assert(answer.startsWith("HTTP/1.1 200 ") && turn !== undefined, answer);
  return [Number(connection), Number(turn)];
}

const post = (path: string) => get(path).replace("GET", "POST").replace("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\nab");

testFront(
  "expose --http: GETs of one address by one name follow each other on a connection to the server",
  async (rig) => {
    const server = await rig.special("keeps");
    await rig.expose();
    using one = await rig.connect(), two = await rig.connect();
    assertEquals([await place(rig, one), await place(rig, one), await place(rig, two)], [[1, 1], [1, 2], [1, 3]]);
    assertStrictEquals(await rig.text("keeps.localhost/", "--interface", "127.0.0.2"), "[2 1]", "another address");
    assertStrictEquals(await rig.text("3000.keeps.localhost/"), "[3 1]", "another name");
    for (const odd of ["X: \u00e9\r\n", "Content_Length: 9\r\n", "Expect: x\r\n"]) {
      const [before] = await place(rig, one);
      const [number, turn] = await place(rig, two, requestText("/", "keeps", odd));
      assert(number > before && turn === 1, `a request that two parsers may read differently: ${odd}`);
    }
    const [before] = await place(rig, one);
    assertEquals(await place(rig, two, post("/")), [before + 1, 1], "a body has a connection of its own");
    assertEquals(await place(rig, two), [before + 2, 1], "in the place of the one that waited");
    await until("and the server sees the end of that", () => server.output().includes(`<gone ${before}>`));
    assertMatch(await rig.say(one, get("/").replace("GET", "HEAD"), "\r\n\r\n"), /^HTTP\/1\.1 200 /);
    const [last] = await place(rig, one);
    await until("the server's connection does not wait for long", () => server.output().includes(`<gone ${last}>`));
    assertStrictEquals((await place(rig, one))[1], 1);
  },
);

testFront("expose --http: a connection that authenticates a client has no other client's request", async (rig) => {
  const server = await rig.special("keeps");
  await rig.expose();
  using other = await rig.connect();
  for (const field of ["Authorization: NTLM x\r\n", "Proxy-Authorization: x\r\n", ""]) {
    const [before] = await place(rig, other);
    let number: number;
    {
      using one = await rig.connect();
      if (field === "") assertMatch(await rig.say(one, get("/negotiate"), "ok"), /^HTTP\/1\.1 200 /);
      else assertStrictEquals((await place(rig, one, requestText("/", "keeps", field)))[0], before);
      assert((await place(rig, other))[0] > before, field);
      [number] = await place(rig, one);
      assertStrictEquals(number, before, `${field}: its client goes on there`);
    }
    await until("it ends with its client", () => server.output().includes(`<gone ${number}>`));
  }
});

const ODD = ["/stray", "/partial", "/garbage", "/late", "/closes", "/endless"];
const WHOLE = ["/204", "/304", "/chunks", "/hints"];

testFront("expose --http: only a whole answer with nothing behind it leaves its connection in use", async (rig) => {
  const server = await rig.special("keeps");
  await rig.expose();
  using one = await rig.connect(), two = await rig.connect();
  for (const path of [...ODD, ...WHOLE, "/old"]) {
    using held = await rig.connect();
    for (let i = 0; i < 5; i++) {
      const [before] = await place(rig, one);
      const lates = () => server.output().split("\nlate\n").length;
      const latesBefore = lates();
      const end = path === "/endless" || path === "/chunks" ? "\r\n0\r\n" : /204|304/.test(path) ? "\r\n\r\n" : "ok";
      assertMatch(await rig.say(held, get(path), end), /HTTP\/1\.1 (200|204|304) /, path);
      assert(server.output().includes(`<GET ${path} ${before}>`), "on the connection of another client");
      if (path === "/late") await until("it has sent more", () => lates() > latesBefore);
      const [after, turn] = await place(rig, two);
      if (WHOLE.includes(path)) assertStrictEquals(after, before, path);
      else assert(after > before && turn === 1, `${path}: ${before} ${after} ${turn}`);
    }
  }
  assert(!server.output().includes("no]"));
});

for (const { name, program } of RUNTIMES) {
  Deno.test({
    name: `what a server has sent is seen before the runtime reads it (${name})`,
    ignore,
    fn: () =>
      withDir(async (dir) => {
        const { stdout, stderr } = await run([...program, QUIET_SOCKETS, dir, programText("peers")]);
        assertStrictEquals(stdout, "true,true,true true,false,false\n", stderr);
      }),
  });
}

testFront("expose --http --cert: streams of HTTP/2 use the same connections by the same rules", async (rig) => {
  await rig.special("keeps");
  await rig.expose("", { certificate: await makeCertificate(rig.dir, ["localhost", "keeps.localhost"]) });
  const places = async (...paths: string[]) => {
    const urls = paths.map((path) => `https://keeps.localhost:${rig.port}${path}`);
    const { stdout, stderr } = await run(["curl", "-sSk", "--max-time", "60", "--http2", ...urls]);
    return [...stdout.matchAll(/\[\d+ \d+\]|no\]/g)].join("") + stderr;
  };
  const odd = ["/stray", "/partial", "/garbage", "/closes", "/endless"].flatMap((path) => ["/", path]);
  const whole = [...WHOLE, "/drops"].flatMap((path) => [path, "/"]);
  const expected = "[1 1][1 2][2 1][3 1][4 1][5 1][6 1][6 3][6 5][6 7][6 9][7 1][7 2]";
  assertStrictEquals(await places("/", ...odd, "/", ...whole), expected);
  await until("a stream of another client comes by the same connection", async () => !/ 1\]$/.test(await places("/")));
  assertMatch(await places("/negotiate", "/"), /^\[\d+ (?!1\])\d+\]$/);
  assertMatch(await places("/"), /^\[\d+ 1\]$/, "another client's connection is authenticated");
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
  assertMatch(await rig.say(held, post("/drops"), "</ul>"), /^HTTP\/1\.1 502 /);
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
