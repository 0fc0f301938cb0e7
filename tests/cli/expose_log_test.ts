/** `unsock expose --http --log` and `--json`: a line a request, and what it serves, for other programs. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { escapeLog, logTime } from "../../lib/expose/access_log.ts";
import { makeCertificate } from "../support/certificates.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { until } from "../support/wait.ts";
import { requestText, testFront } from "./http_rig.ts";
import { assertFails, unsock } from "./unsock.ts";

const TIME = String.raw`\[\d\d/[A-Z][a-z][a-z]/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]`;

Deno.test("escapeLog() leaves printable ASCII, and escapes quotes, controls and other bytes", () => {
  assertStrictEquals(
    escapeLog('a "b" \\ \n\x1b[31m ä €'),
    String.raw`a \x22b\x22 \x5c \x0a\x1b[31m \xc3\xa4 \xe2\x82\xac`,
  );
});

Deno.test("logTime() has the zone of the machine, before and behind Greenwich", () => {
  const date = new Date(2026, 11, 1, 5, 4, 3);
  assertStrictEquals(logTime(date, 330), "01/Dec/2026:05:04:03 +0530");
  assertStrictEquals(logTime(date, -90), "01/Dec/2026:05:04:03 -0130");
});

testFront("expose --http --log: a line a request, with the loopback, the port, bytes and milliseconds", async (rig) => {
  await rig.serve(["--name", "one", "--private"], "A", 3000);
  await rig.special("waits");
  const log = `${rig.dir}/log`;
  await rig.expose("", { certificate: await makeCertificate(rig.dir, ["one.localhost"]), logFile: log });
  const curl = async (url: string, ...more: string[]) => {
    const { stdout } = await run([
      "curl",
      "-sk",
      "--max-time",
      "30",
      ...more,
      `https://${url.replace("/", `:${rig.port}/`)}`,
    ]);
    return stdout;
  };
  const size = (await curl("one.localhost/a?b", "--http1.1")).length;
  const second = (await curl("one.localhost/%22", "--http2")).length;
  await curl("nobody.localhost/", "--http2");
  await curl("one.localhost/é", "--http1.1", "-X", "POST", "-d", "x");
  const fields = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: AAAA", "Sec-WebSocket-Version: 13"];
  await curl("one.localhost/ws", "--http1.1", "-m", "2", ...fields.flatMap((field) => ["-H", field]));
  await curl("waits.localhost/gone", "--http1.1", "-m", "1");
  const line = (request: string, rest: string) =>
    new RegExp(String.raw`^127\.0\.0\.1 - - ${TIME} "${request}" ${rest} \d+$`);
  const expected = [
    line("GET /a\\?b HTTP/1\\.1", `200 ${size} one 3000`),
    line("GET /%22 HTTP/2\\.0", `200 ${second} one 3000`),
    line("GET / HTTP/2\\.0", "404 \\d+ - -"),
    line("POST /.* HTTP/1\\.1", "200 \\d+ one 3000"),
    line("GET /ws HTTP/1\\.1", "101 1 one 3000"),
    line("GET /gone HTTP/1\\.1", "- 0 waits 3000"),
  ];
  const lines = () => Deno.readTextFileSync(log).split("\n").slice(0, -1);
  await until("all lines are there", () => lines().length === expected.length);
  expected.forEach((pattern, index) => assertMatch(lines()[index] ?? "", pattern));
  assertStrictEquals((Deno.statSync(log).mode ?? 0) & 0o777, 0o600);
});

testFront("expose --http --log without a file writes to standard error, also when nobody reads it", async (rig) => {
  await rig.serve(["--name", "one", "--private"], "A", 3000);
  const exposed = await rig.expose("", { logFile: true });
  await rig.text("one.localhost/here");
  await until("the line is there", () => exposed.output().includes('"GET /here HTTP/1.1" 200'));
  assertMatch(await rig.raw(requestText("/", "one", "Connection: close\r\n")), /^HTTP\/1\.1 200/);
});

testFront("expose --http --json: a line of what it serves, and another when that changes", async (rig) => {
  await rig.serve(["--name", "one", "--dir", `${rig.dir}/one`], "A", 3000);
  const exposed = await rig.expose("", { json: true });
  const lines = () => exposed.output().split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const url = (name: string) => `http://${name}localhost:${rig.port}/`;
  const one = {
    name: "one",
    directory: `${rig.dir}/one`,
    ports: [{ port: 3000, url: url("3000.one.") }],
    url: url("one."),
  };
  const front = { url: url(""), scheme: "http", address: "127.0.0.1", port: rig.port };
  assertEquals(lines(), [{ ...front, loopbacks: [one] }]);
  await rig.serve(["--name", "two", "--dir", `${rig.dir}/two`], "B", 80);
  await until("the second line is there", () => lines().length === 2);
  assertEquals(lines()[1].loopbacks.map(({ name }: { name: string }) => name), ["one", "two"]);
});

Deno.test("expose: --log, --json, --cert and --key go with --http alone; a log that cannot be opened is one line", () =>
  withDir(async (dir) => {
    const env = { XDG_RUNTIME_DIR: dir };
    for (const option of ["--log", "--json", "--cert=x", "--key=x"]) {
      assertFails(await unsock(["expose", option, "80"], { env }), 2, /^unsock: expose: --\w+: goes with --http alone/);
    }
    assertFails(await unsock(["expose", "--http", "0", "--cert=x"], { env }), 2, /--cert and --key go together/);
    const failed = await unsock(["expose", "--http", "0", "--log=/nonexistent/log"], { env });
    assertFails(failed, 1, /^unsock: expose: --log: \/nonexistent\/log: No such file or directory$/m);
    assertStrictEquals(failed.stdout, "");
  }));
