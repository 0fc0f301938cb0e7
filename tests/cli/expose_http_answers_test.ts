/** `unsock expose --http`: what a server answers, and when: at once, in stages, or not at all. */
import { assert, assertMatch, assertStrictEquals } from "@std/assert";
import { fromFileUrl } from "@std/path/posix";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { buildLinked, canLink } from "../support/static.ts";
import { until } from "../support/wait.ts";
import { requestText, type Rig, testFront } from "./http_rig.ts";

const programText = programsOf(import.meta);
const REFUSING = fromFileUrl(import.meta.resolve("./refusing_server.c"));
const SIZES = ["1", "300000", "3000000", "30000000"];

async function upload(rig: Rig, host: string, size: string): Promise<string> {
  const { stdout, stderr } = await run(["python3", "-c", programText("upload"), host, `${rig.port}`, size]);
  return stdout || stderr;
}

testFront("expose --http: a server that answers before it has read all has its answer read", async (rig) => {
  await rig.serve(["--name", "hasty", "--private"], "H", 3000, "hasty");
  await rig.special("refuses");
  await rig.special("endless");
  await rig.expose();
  for (const size of SIZES) {
    assertStrictEquals(await upload(rig, "hasty", size), "200 H\n");
    assertStrictEquals(await upload(rig, "refuses", size), "413 too\n");
    assertStrictEquals(await upload(rig, "endless", size), "413 too\n");
  }
  // A client that asks for the end of the connection, and still sends, has the answer too.
  const closing = requestText("/", "refuses", "Connection: close\r\nContent-Length: 3000000\r\n").replace(
    "GET",
    "POST",
  );
  assertMatch(await rig.raw(closing + "x".repeat(3_000_000)), /^HTTP\/1\.1 413 [^]*too large\n/);
});

testFront("expose --http: that answer is read by whichever door the server is reached", async (rig) => {
  const dynamic = await buildLinked(REFUSING, rig.dir, "dynamic");
  const linked = await buildLinked(REFUSING, rig.dir, "static");
  await rig.start(["--name", "preloaded", "--private"], [dynamic]);
  await rig.start(["--name", "trapped", "--private", "--engine", "trap"], [dynamic]);
  await rig.start(["--name", "static", "--private"], [linked]);
  await rig.expose();
  for (const host of ["preloaded", "trapped", "static"]) {
    for (let i = 0; i < 3; i++) assertStrictEquals(await upload(rig, host, "30000000"), "413 too\n", host);
  }
}, canLink("dynamic") && canLink("static"));

testFront("expose --http: 1xx answers and trailers pass both ways", async (rig) => {
  await rig.special("stages");
  await rig.expose();
  const chunks = "3\r\nabc\r\n0\r\nX-Sent: seven\r\n\r\n";
  const head = requestText("/", "stages", "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n").replace(
    "GET",
    "POST",
  );
  using held = await rig.connect();
  const first = await rig.say(held, head, "100 Continue\r\n\r\n");
  assertMatch(first, /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/style\.css>; rel=preload\r\n/i);
  const rest = await rig.say(held, chunks, "seven\r\n\r\n");
  assertMatch(rest, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n2\r\nok\r\n0\r\nX-Sum: 42\r\nX-Got: seven\r\n\r\n$/);
  assertMatch(await rig.say(held, requestText("/", "stages"), "X-Got"), /103 Early Hints[^]* 200 OK/, "and stays open");
});

testFront(
  "expose --http: a server gets its client's address, and fields of one connection are not passed on",
  async (rig) => {
    await rig.special("echo");
    await rig.expose();
    const seen = await rig.text(
      "echo.localhost/a?b",
      "-H",
      "Connection: X-Hop, Host",
      "-H",
      "X-Hop: 1",
      "-H",
      "TE: trailers",
    );
    assertMatch(seen, /^GET \/a\?b HTTP\/1\.1\r\n/);
    assertMatch(seen, new RegExp(`\\r\\nHost: echo\\.localhost:${rig.port}\\r\\n`));
    assertMatch(seen, /\r\nX-Forwarded-For: 127\.0\.0\.1\r\n/);
    assertMatch(
      seen,
      new RegExp(`\\r\\nX-Forwarded-Host: echo\\.localhost:${rig.port}\\r\\nX-Forwarded-Proto: http\\r\\n`),
    );
    assert(!/x-hop|\r\nTE:|\r\nKeep-Alive:/i.test(seen), seen);
    assertMatch(seen, /\r\nConnection: keep-alive\r\n/);
    const proxied = ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: a.example"];
    const through = await rig.text("echo.localhost/", ...proxied.flatMap((field) => ["-H", field]));
    assertMatch(through, /\r\nX-Forwarded-For: 192\.0\.2\.1, 127\.0\.0\.1\r\n/);
    assertMatch(through, /\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: a\.example\r\n/);
    assertMatch(await rig.text("echo.localhost/", "-X", "POST"), /\r\nContent-Length: 0\r\n/);
  },
);

testFront("expose --http: an answer that has no end yet is passed as far as it has come", async (rig) => {
  await rig.special("events");
  await rig.expose();
  using held = await rig.connect();
  assertMatch(await rig.say(held, requestText("/", "events"), "\r\n\r\n"), /^HTTP\/1\.1 200 OK\r\n/);
  assertStrictEquals(await rig.text("events.localhost/go"), "went");
  assertMatch(await rig.say(held, "", "data: 1"), /data: 1/);
});

testFront(
  "expose --http: a client that disconnects ends its request; a server that disconnects is reported",
  async (rig) => {
    const waits = await rig.special("waits");
    await rig.special("silent");
    await rig.expose();
    {
      using client = await rig.connect();
      await client.write(new TextEncoder().encode(requestText("/", "waits")));
      await until("the server has the request", () => waits.output().includes("asked"));
    }
    await until("the server's client has gone", () => waits.output().includes("gone"));
    const answer = await rig.raw(requestText("/", "silent"), "</ul>");
    assertMatch(
      answer,
      /^HTTP\/1\.1 502 [^]*The server on port 3000 of the loopback &#34;silent&#34; closed the connection/,
    );
  },
);

const NO_ANSWER = /^HTTP\/1\.1 502 [^]*closed the connection without an answer/;
const HEAD_OK = /^HTTP\/1\.1 200 OK\r\n(?:(?!Trailer)[^\r]*\r\n)*Content-Length: 2\r\n[^]*\r\n\r\n/;

/** What odd answers (`http_servers.py`) become. */
const ODD: readonly [string, RegExp][] = [
  ["/trailer", new RegExp(HEAD_OK.source + "ok$")],
  ["/switches", NO_ANSWER],
  ["/101", NO_ANSWER],
  ["/999", /^HTTP\/1\.1 999 Odd\r\n[^]*ok$/],
  ["/99", NO_ANSWER],
  ["/hints", /^(?:HTTP\/1\.1 103 Early Hints\r\nLink: [^\r]*\r\n\r\n){32}HTTP\/1\.1 200 OK/i],
  ["/199", /^HTTP\/1\.1 200 OK[^]*ok$/],
  ["/long", NO_ANSWER],
  ["/name", NO_ANSWER],
  ["/control", NO_ANSWER],
  ["/lengths", NO_ANSWER],
  ["/both", NO_ANSWER],
  ["/old", NO_ANSWER],
];
const LAST = "Connection: close\r\n";
const UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\n";

testFront("expose --http: an odd answer is passed as the standard says, or is a page with a line", async (rig) => {
  await rig.special("odd");
  const exposed = await rig.expose();
  for (const [path, expected] of ODD) assertMatch(await rig.raw(requestText(path, "odd", LAST)), expected, path);
  assertMatch(
    await rig.raw(requestText("/trailer", "odd", LAST).replace("GET", "HEAD")),
    new RegExp(HEAD_OK.source + "$"),
  );
  assertMatch(await rig.raw(requestText("/trailer", "odd").replace("1.1", "1.0")), /^HTTP\/1\.1 200 [^]*ok$/);
  const noContent = await rig.raw(requestText("/204", "odd", LAST));
  assertMatch(noContent, /^HTTP\/1\.1 204 (?!.*Content-Length)/s);
  for (const path of ["/switches", "/101"]) {
    assertMatch(
      await rig.raw(requestText(path, "odd", UPGRADE)),
      NO_ANSWER,
      "nor is another protocol than was asked for",
    );
  }
  assertMatch(await rig.raw(requestText("/trailer", "odd", UPGRADE)), /^HTTP\/1\.1 200 [^]*ok$/);
  assertStrictEquals(/unsock:/.exec(exposed.output()), null, exposed.output());
});
