/** `unsock expose --http` refuses what could be read in two ways, and bounds what it holds. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { ownPort } from "../support/own_port.ts";
import { run } from "../support/process.ts";
import { requestText, testFront } from "./http_rig.ts";

const HOST = "Host: main.localhost\r\n";
const MANY = 5000;
/** Connections that are opened at once: the front's queue for new ones is full at some point. */
const AT_ONCE = 250;

const CASES: readonly [string, number][] = [
  [`GET / HTTP/1.1\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, 400],
  [`GET / HTTP/1.1\r\n${HOST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  [`GET / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 1\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${HOST}Content-Length: +1\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n`, 501],
  [`GET / HTTP/1.1\r\n${HOST}X : 1\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${HOST} folded\r\n\r\n`, 400],
  [`GET / HTTP/1.1\n${HOST}X: a\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${HOST}X: a\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${HOST}X: a\rb\r\n\r\n`, 400],
  [`GET / HTTP/1.1\r\n${HOST}X: a\0b\r\n\r\n`, 400],
  [`GET http://other.localhost/ HTTP/1.1\r\n${HOST}\r\n`, 400],
  [`GET http://main.localhost@other.localhost/ HTTP/1.1\r\n${HOST}\r\n`, 400],
  [`GET https://main.localhost/ HTTP/1.1\r\n${HOST}\r\n`, 400],
  [`GET main.localhost:80 HTTP/1.1\r\n${HOST}\r\n`, 400],
  [`CONNECT main.localhost:80 HTTP/1.1\r\n${HOST}\r\n`, 405],
  [`GET / HTTP/3.0\r\n${HOST}\r\n`, 505],
  [`GET / HTTP/1.1\r\n${HOST}X: ${"a".repeat(40_000)}\r\n\r\n`, 431],
  [`GET / HTTP/1.1\r\n${HOST}${"X: a\r\n".repeat(40_000)}\r\n`, 431],
  [`nonsense\r\n\r\n`, 400],
  [`\r\nGET http://main.localhost/ HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`, 200],
  ...[
    "main.localhost:8080@evil.example",
    "main.localhost:x",
    "main.localhost:80:90",
    "main.localhost:../b",
    "main.localhost: evil.example",
    "main.localhost:65536",
    "main.localhost evil",
    "a@main.localhost",
    "[main.localhost]",
    "[::1",
  ].map((host): [string, number] => [`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 400]),
  [`GET / HTTP/1.1\r\nHost: main.localhost:\r\nConnection: close\r\n\r\n`, 200],
  [`GET / HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n`, 200],
];

testFront("expose --http refuses requests that two parsers could read differently", async (rig) => {
  await rig.serve(["--name", "main", "--private"], "A", 3000);
  await rig.expose();
  for (const [text, status] of CASES) {
    assertMatch(await rig.raw(text), new RegExp(`^HTTP/1\\.1 ${status} `), text.slice(0, 200));
  }
  assertMatch(
    await rig.raw(`CONNECT main.localhost:80 HTTP/1.1\r\n\r\n`),
    /^HTTP\/1\.1 405 [^]*CONNECT is not passed on/,
  );
  const broken = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\n12345XX0\r\n\r\n`;
  assertMatch(await rig.raw(broken), /^(\(reset\)|HTTP\/1\.1 400 [^]*)?$/, "no answer of the server's");
  assertMatch(await rig.raw(requestText("/", "main", "Connection: close\r\n")), /^HTTP\/1\.1 200 /);
});

testFront("expose --http: slow clients and thousands of connections lock no client out", async (rig) => {
  await rig.serve(["--name", "main", "--private"], "A", 3000);
  const exposed = await rig.expose();
  const beginnings = [
    "",
    "G",
    `GET / HTTP/1.1\r\n${HOST}X: `,
    `GET / HTTP/1.1\r\n${HOST}X: ${"a".repeat(30_000)}`,
    "PRI * HT",
  ];
  const held: Deno.Conn[] = [];
  try {
    while (held.length < MANY) {
      held.push(
        ...await Promise.all(Array.from({ length: AT_ONCE }, async (_, i) => {
          const connection = await rig.connect();
          // It may be closed at once: too many others wait.
          await connection.write(new TextEncoder().encode(beginnings[i % beginnings.length])).catch(() => {});
          return connection;
        })),
      );
      assertMatch(await rig.text("main.localhost/"), /^A /);
    }
  } finally {
    for (const connection of held) connection.close();
  }
  assertMatch(await rig.text("main.localhost/"), /^A /);
  assertStrictEquals(/unsock:/.exec(exposed.output()), null, exposed.output());
});

testFront("expose --http: many requests at once behind each other are bounded", async (rig) => {
  await rig.serve(["--name", "main", "--private"], "A", 3000);
  const exposed = await rig.expose();
  await rig.raw(requestText("/", "main").repeat(3_000));
  assertMatch(await rig.text("main.localhost/"), /^A /);
  assertStrictEquals(/unsock:/.exec(exposed.output()), null, exposed.output());
});

testFront("expose --http says in one line that its port is taken", async (rig) => {
  using own = ownPort();
  using _listener = Deno.listen({ hostname: "127.0.0.1", port: own.port });
  const command = rig.commandText(own.port).split(" ");
  const { code, stderr } = await run(command, { env: rig.env });
  assertMatch(stderr, /^unsock: expose: 127\.0\.0\.1:\d+: is taken: write another port, or 0 for any\n$/);
  assertStrictEquals(code, 1);
});
