/** `unsock expose --http` by HTTP/2 without TLS: each stream goes to the server that it names. */
import { type ClientHttp2Session, connect } from "node:http2";
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { fromFileUrl } from "@std/path/posix";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { RUNTIMES, testFront } from "./http_rig.ts";

/** More than any client may reset. */
const RESETS_MOST = "20000";
/** A flag of a frame. */
const END_STREAM = 1;
const RESET_STREAMS = fromFileUrl(new URL("./reset_streams.py", import.meta.url));

const FRONT = new URL("../../lib/expose/front.ts", import.meta.url).href;
const node = RUNTIMES.find(({ name }) => name === "Node.js");

const H2_SERVER = `
import http2 from "node:http2";
const seen = [];
http2.createServer().on("stream", (stream, headers) => {
  if (headers[":path"] === "/head") return stream.respond({ ":status": 200, "grpc-status": "5" }, { endStream: true });
  seen.push(headers[":authority"].split(":")[0]);
  stream.additionalHeaders({ ":status": 103, link: "</a>; rel=preload" });
  stream.respond({ ":status": 200, "x-for": headers["x-forwarded-for"], "x-host": headers["x-forwarded-host"] },
    { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "42" }));
  let size = 0;
  stream.on("data", (data) => size += data.length);
  stream.on("end", () => stream.end(process.argv[2] + " " + size + " " + seen.join()));
}).listen(3000, "127.0.0.1", () => console.log("ready"));
`;

interface Answer {
  readonly status: unknown;
  readonly headers: Record<string, unknown>;
  readonly hints: unknown;
  readonly trailers: Record<string, unknown>;
  readonly text: string;
  /** True if the head has ended the stream. */
  readonly isHeadAlone: boolean;
}

function ask(session: ClientHttp2Session, host: string, more: Record<string, string> = {}, body = ""): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let [text, hints, isHeadAlone] = ["", undefined as unknown, false];
    let [headers, trailers]: Record<string, unknown>[] = [{}, {}];
    const stream = session.request({ ":authority": host, ":method": body === "" ? "GET" : "POST", ...more });
    stream.on("headers", (fields) => hints = fields.link);
    stream.on("response", (fields, flags) => {
      headers = fields;
      isHeadAlone = (flags & END_STREAM) !== 0;
    });
    stream.on("trailers", (fields) => trailers = fields);
    stream.on("data", (data: Uint8Array) => text += new TextDecoder().decode(data));
    stream.on("error", reject);
    stream.on(
      "close",
      () =>
        resolve({
          status: headers?.[":status"],
          headers: headers ?? {},
          hints,
          trailers: trailers ?? {},
          text,
          isHeadAlone,
        }),
    );
    if (body !== "") stream.end(body);
  });
}

testFront("expose --http: each HTTP/2 stream goes to its own server; one without a server gets a page", async (rig) => {
  await Deno.writeTextFile(`${rig.dir}/h2.mjs`, H2_SERVER);
  for (const [name, letter] of [["one", "A"], ["two", "B"]]) {
    await rig.start(["--name", name ?? "", "--private"], ["node", `${rig.dir}/h2.mjs`, letter ?? ""]);
  }
  await rig.special("silent");
  await rig.expose();
  assertMatch(await rig.text("one.localhost/", "--http2-prior-knowledge"), /^A 0 one/);
  assertMatch(await rig.text("two.localhost/", "--http2-prior-knowledge"), /^B 0 two/);
  assertMatch(await rig.text("localhost/", "--http2-prior-knowledge"), /Loopbacks with a server/);

  const session = connect(`http://127.0.0.1:${rig.port}`);
  try {
    for (let i = 0; i < 40; i++) {
      const fields = Object.fromEntries(Array.from({ length: 20 }, (_, j) => [`x-${i}-${j}`, `value ${i * j}`]));
      const [host, name] = i % 2 === 0 ? ["one", "A"] : ["two", "B"];
      assertMatch(
        (await ask(session, `${host}.localhost`, fields)).text,
        new RegExp(`^${name} 0 [^]*${host}\\.localhost$`),
      );
    }
    const both = await Promise.all([
      ask(session, "one.localhost", {}, "x".repeat(300_000)),
      ask(session, "two.localhost", {}, "y".repeat(200_000)),
    ]);
    assertMatch(both.map(({ text }) => text).join("\n"), /^A 300000 [^\n]*\nB 200000 /);
    const [{ headers, hints, trailers, text }] = both;
    assertStrictEquals(`${headers["x-for"]} ${headers["x-host"]}`, "127.0.0.1 one.localhost");
    assertStrictEquals(`${hints} ${trailers["x-sum"]}`, "</a>; rel=preload 42");
    assert(!text.includes("two"), text);
    for (
      const [host, status] of [
        ["nobody.localhost", 404],
        ["7.one.localhost", 502],
        ["silent.localhost", 502],
        ["example.org", 421],
        ["one.localhost:x", 400],
        ["localhost", 200],
      ] as const
    ) {
      const answer = await ask(session, host);
      assertStrictEquals(answer.status, status, host);
      assertStrictEquals(answer.text.includes("http://one.localhost"), ![400, 421].includes(status), host);
    }
    const error = await ask(session, "one.localhost", { ":path": "/head" });
    assertEquals([error.isHeadAlone, error.headers["grpc-status"]], [true, "5"], "as gRPC's errors are");
    assertStrictEquals((await ask(session, "one.localhost", { host: "two.localhost" })).status, 400);
    const tunnel = await ask(session, "one.localhost:443", { ":method": "CONNECT" }, "x");
    assertStrictEquals(tunnel.status, 405);
    assertMatch(tunnel.text, /CONNECT is not passed on/);
    assertMatch((await ask(session, "one.localhost")).text, /^A /, "the connection stays");
  } finally {
    session.destroy();
  }
}, need("node"));

testFront("expose --http: a server that never begins to speak HTTP/2 is a page", async (rig) => {
  await rig.special("waits");
  await rig.expose();
  const answer = await rig.text("waits.localhost/", "--http2-prior-knowledge", "-i");
  assertMatch(answer, /^HTTP\/2 502 [^]*does not answer in HTTP\/2/);
});

testFront("expose --http: an HTTP/2 answer with a status that does not exist is a page", async (rig) => {
  await rig.special("strange");
  const exposed = await rig.expose();
  const answer = await rig.text("strange.localhost/", "--http2-prior-knowledge", "-i");
  assertMatch(answer, /^HTTP\/2 502 [^]*without an answer/);
  assertStrictEquals(/unsock:/.exec(exposed.output()), null, exposed.output());
});

testFront("expose --http: a client that resets stream after stream is ended, and others are answered", async (rig) => {
  await rig.special("waits");
  await rig.expose();
  const { stdout } = await run(["python3", RESET_STREAMS, `${rig.port}`, "waits.localhost", RESETS_MOST]);
  assertStrictEquals(stdout, "ended\n");
  assertMatch(await rig.text("localhost/", "--http2-prior-knowledge"), /Loopbacks with a server/);
});

Deno.test({
  name: "expose --http: Node.js does not load undici, TLS and HTTP/2 before a client of HTTP/2",
  ignore: node === undefined,
  fn: async () => {
    const script = `import("${FRONT}").then(() => console.log(JSON.stringify(process.moduleLoadList)))`;
    const { stdout, stderr } = await run([...node?.program ?? [], "-e", script]);
    assert(stdout.includes('"NativeModule http"'), stderr);
    const loaded: string[] = JSON.parse(stdout);
    assertEquals(loaded.filter((name) => /NativeModule (?:.*undici|tls|http2)$/.test(name)), []);
  },
});
