/** `unsock expose --http --cert --key`: HTTPS by HTTP/2 and HTTP/1.1, in front of servers of HTTP/1. */
import { connect } from "node:http2";
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { makeCertificate } from "../support/certificates.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { type Rig, testFront } from "./http_rig.ts";

const NAMES = ["localhost", "one.localhost", "two.localhost", "*.one.localhost"];

/** Returns the words of a curl that trusts the test's certificate alone. */
function curl(rig: Rig, url: string, ...more: string[]): string[] {
  const target = `https://${url.replace("/", `:${rig.port}/`)}`;
  return ["curl", "-sS", "--max-time", "60", "--cacert", `${rig.dir}/cert.pem`, ...more, target];
}

async function secureText(rig: Rig, url: string, ...more: string[]): Promise<string> {
  const { stdout, stderr, code } = await run(curl(rig, url, ...more));
  assertStrictEquals(code, 0, stderr);
  return stdout;
}

/** Sends data over a WebSocket of HTTP/2 (RFC 8441), and returns the status and all that came back. */
function overStream(rig: Rig, host: string, data: string): Promise<{ status: unknown; text: string }> {
  const session = connect(`https://127.0.0.1:${rig.port}`, { rejectUnauthorized: false });
  return new Promise((resolve, reject) => {
    session.on("error", reject);
    session.on("remoteSettings", () => {
      const stream = session.request({
        ":method": "CONNECT",
        ":protocol": "websocket",
        ":scheme": "https",
        ":authority": `${host}:${rig.port}`,
        ":path": "/ws",
        "sec-websocket-version": "13",
      });
      let [status, text] = [undefined as unknown, ""];
      stream.on("response", (headers) => {
        status = headers[":status"];
        if (status === 200) stream.write(data);
        else stream.end();
      });
      stream.on("data", (bytes: Uint8Array) => {
        text += new TextDecoder().decode(bytes);
        if (text.endsWith(data)) stream.end();
      });
      stream.on("error", reject);
      stream.on("close", () => {
        session.destroy();
        resolve({ status, text });
      });
    });
  });
}

testFront(
  "expose --http --cert: each name by HTTP/2 and by HTTP/1.1, TLS 1.2 and 1.3, servers of HTTP/1",
  async (rig) => {
    await rig.serve(["--name", "one", "--private"], "A", 3000);
    await rig.serve(["--name", "two", "--private"], "B", 3000);
    const exposed = await rig.expose("", { certificate: await makeCertificate(rig.dir, NAMES) });
    assertMatch(
      exposed.output(),
      /^Serving 2 loopbacks at https:\/\/localhost:\d+\/ [^]*\nhttps:\/\/one\.localhost:\d+\/ → port 3000$/m,
    );
    const version = ["-w", " %{http_version}"];
    for (const [host, letter] of [["one", "A"], ["two", "B"], ["3000.one", "A"]]) {
      for (const [asked, got] of [["--http2", "2"], ["--http1.1", "1.1"]]) {
        const text = await secureText(rig, `${host}.localhost/path`, asked ?? "", ...version);
        assertMatch(text, new RegExp(`^${letter} .*/path [^]* ${got}$`));
      }
      assertMatch(
        await secureText(rig, `${host}.localhost/`, "--tls-max", "1.2", ...version),
        new RegExp(`^${letter} .* 2$`),
      );
    }
    const both = ["--http1.1", "-w", "%{num_connects} ", `https://one.localhost:${rig.port}/`];
    assertMatch(await secureText(rig, "one.localhost/", ...both), /^A [^]*1 A [^]*0 $/, "the connection stays");
    assertMatch(await secureText(rig, "localhost/"), /<a href="https:\/\/3000\.one\.localhost:\d+\/">3000</);
    const head = await secureText(rig, "one.localhost/", "-i");
    assert(!/strict-transport/i.test(head), head);
    const body = "x".repeat(300_000);
    await Deno.writeTextFile(`${rig.dir}/body`, body);
    for (const asked of ["--http2", "--http1.1"]) {
      const text = await secureText(rig, "one.localhost/post", asked, "--data-binary", `@${rig.dir}/body`);
      assertMatch(text, /^A - close 300000 /);
    }
  },
);

testFront(
  "expose --http --cert names in one line what the certificate is not for, as browsers match names",
  async (rig) => {
    await rig.serve(["--name", "one", "--private"], "A", 3000);
    await rig.serve(["--name", "two", "--private"], "A", 3000);
    const exposed = await rig.expose("", {
      certificate: await makeCertificate(rig.dir, ["localhost", "*.localhost", "one.localhost"]),
    });
    await until("the line is printed", () => /the certificate is not for two\.localhost: /.test(exposed.output()));
    await rig.serve(["--name", "three", "--private"], "C", 3000);
    await until("another is printed", () => /the certificate is not for three\.localhost: /.test(exposed.output()));
  },
);

const LARGE = 1_000_000;

testFront("expose --http --cert: an answer passes that is larger than a socket takes at once", async (rig) => {
  await Deno.mkdir(`${rig.dir}/r/unsock/large`, { mode: 0o700 });
  const path = `${rig.dir}/r/unsock/large/3000.sock`;
  await using _server = Deno.serve({ path, onListen() {} }, () => new Response("x".repeat(LARGE)));
  await rig.expose("", { certificate: await makeCertificate(rig.dir, ["large.localhost"]) });
  for (const asked of ["--http2", "--http1.1"]) {
    assertStrictEquals((await secureText(rig, "large.localhost/", asked)).length, LARGE, asked);
  }
});

/** Asks again and again over one connection of HTTP/1.1, and reads as slowly as ab(1). Returns how many bytes came. */
async function readLarge(connection: Deno.Conn, times: number): Promise<number> {
  const request = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: large.localhost\r\n\r\n");
  const [piece, decoder] = [new Uint8Array(8192), new TextDecoder("latin1")];
  let all = 0;
  for (let i = 0; i < times; i++) {
    await connection.write(request);
    for (let text = "", body = -1; body < LARGE;) {
      const count = await connection.read(piece) ?? 0;
      if (count === 0) return all;
      if (body < 0) text += decoder.decode(piece.subarray(0, count));
      if (body < 0 && text.includes("\r\n\r\n")) body = text.length - text.indexOf("\r\n\r\n") - 4;
      else if (body >= 0) body += count;
    }
    all += LARGE;
  }
  return all;
}

testFront("expose --http --cert: large answers follow each other over one connection of HTTP/1.1", async (rig) => {
  await Deno.mkdir(`${rig.dir}/r/unsock/large`, { mode: 0o700 });
  const path = `${rig.dir}/r/unsock/large/3000.sock`;
  const headers = { "Content-Length": `${LARGE}` };
  await using _server = Deno.serve({ path, onListen() {} }, () => new Response("x".repeat(LARGE), { headers }));
  const certificate = await makeCertificate(rig.dir, ["large.localhost"]);
  await rig.expose("", { certificate });
  const plain = await Deno.connect({ hostname: "127.0.0.1", port: rig.port });
  const caCerts = [await Deno.readTextFile(certificate.cert)];
  using connection = await Deno.startTls(plain, { hostname: "large.localhost", caCerts });
  const end = setTimeout(() => connection.close(), 30_000);
  assertStrictEquals(await readLarge(connection, 60).catch(() => 0), 60 * LARGE);
  clearTimeout(end);
});

testFront("expose --http --cert: a server learns the client, the host and https", async (rig) => {
  await rig.special("echo");
  await rig.expose("", { certificate: await makeCertificate(rig.dir, ["echo.localhost"]) });
  for (const asked of ["--http2", "--http1.1"]) {
    const text = await secureText(rig, "echo.localhost/a?b", asked, "-H", "Cookie: a=1; b=2", "-H", "TE: trailers");
    assertMatch(text, /^GET \/a\?b HTTP\/1\.1\r\n/);
    assertMatch(text, /^x-forwarded-proto: https\r$/mi);
    assertMatch(text, /^x-forwarded-for: 127\.0\.0\.1\r$/mi);
    assertMatch(text, new RegExp(`^x-forwarded-host: echo\\.localhost:${rig.port}\r$`, "mi"));
    assertMatch(text, new RegExp(`^host: echo\\.localhost:${rig.port}\r$`, "mi"));
    assertMatch(text, /^cookie: a=1; b=2\r$/mi);
    assertMatch(text, /^connection: (close|keep-alive)\r$/mi);
    assert(!/^(?:te|transfer-encoding|:)/mi.test(text), text);
    const piped = ["sh", "-c", 'printf curl | "$@"', "sh", ...curl(rig, "echo.localhost/", asked, "-T", "-")];
    const { stdout: chunked } = await run(piped);
    assertMatch(chunked, /^transfer-encoding: chunked\r\n[^]*curl/mi, "a body of unknown length");
  }
});

testFront("expose --http --cert: early hints, trailers, early answers and failures by HTTP/2", async (rig) => {
  for (const manner of ["stages", "refuses", "endless", "silent", "one"]) await rig.special(manner).catch(() => {});
  await rig.expose("", {
    certificate: await makeCertificate(rig.dir, [
      "stages.localhost",
      "refuses.localhost",
      "endless.localhost",
      "silent.localhost",
      "localhost",
    ]),
  });
  const stages = await secureText(rig, "stages.localhost/", "-i");
  assertMatch(
    stages,
    /^HTTP\/2 103 \r\nlink: <\/style\.css>; rel=preload\r\n\r\nHTTP\/2 200 [^]*\r\n\r\nok(?:x-sum: 42\r\n|$)/m,
  );
  await Deno.writeTextFile(`${rig.dir}/body`, "x".repeat(3_000_000));
  for (const host of ["refuses", "endless"]) {
    const text = await secureText(rig, `${host}.localhost/`, "-i", "--data-binary", `@${rig.dir}/body`);
    assertMatch(text, /HTTP\/2 413 [^]*too large\n$/, host);
  }
  assertMatch(
    await secureText(rig, "silent.localhost/", "-i"),
    /^HTTP\/2 502 [^]*closed the connection without an answer/,
  );
});

testFront("expose --http --cert: WebSockets over HTTP/1.1 and over HTTP/2", async (rig) => {
  await rig.serve(["--name", "one", "--private"], "A", 3000);
  await rig.expose("", { certificate: await makeCertificate(rig.dir, NAMES) });
  assertEquals(await overStream(rig, "one.localhost", "over HTTP/2"), { status: 200, text: "Aover HTTP/2" });
  assertStrictEquals((await overStream(rig, "nobody.localhost", "x")).status, 404);
  const fields = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAA"];
  const caCerts = [await Deno.readTextFile(`${rig.dir}/cert.pem`)];
  using connection = await Deno.connectTls({ hostname: "localhost", port: rig.port, caCerts });
  const request = ["GET /ws HTTP/1.1", "Host: one.localhost", ...fields, "", ""].join("\r\n");
  assertMatch(await rig.say(connection, request, "A"), /^HTTP\/1\.1 101 [^]*\r\n\r\nA$/);
  assertStrictEquals(await rig.say(connection, "hello", "hello"), "hello");
});

testFront(
  "expose --http --cert: http:// there, and https:// at a plain port, get an answer that says so",
  async (rig) => {
    await rig.serve(["--name", "one", "--private"], "A", 3000);
    await rig.expose("", { certificate: await makeCertificate(rig.dir, NAMES) });
    const redirected = await rig.text("one.localhost/a?b", "-i");
    assertMatch(
      redirected,
      new RegExp(`^HTTP/1\\.1 307 [^]*\r\nLocation: https://one\\.localhost:${rig.port}/a\\?b\r\n`),
    );
    assertMatch(redirected, /This port serves HTTPS/);
    assertMatch(
      await rig.text("localhost/", "-i", "-H", "Host: example.org"),
      /^HTTP\/1\.1 400 [^]*This port serves HTTPS/,
    );
    assertMatch(await rig.text("one.localhost/", "-L", "-k"), /^A /);

    const plain = await rig.expose();
    const asked = await run(["curl", "-sS", "-k", "--max-time", "10", `https://one.localhost:${rig.port}/`]);
    assertMatch(asked.stderr, /curl: \(35\) .*alert protocol version/);
    await until(
      "the line is printed",
      () => plain.output().includes(`port ${rig.port} serves http://localhost:${rig.port}/`),
    );
  },
);

testFront(
  "expose --http --cert uses a new certificate when the files change, and keeps the old one if it is bad",
  async (rig) => {
    await rig.serve(["--name", "one", "--private"], "A", 3000);
    const files = await makeCertificate(rig.dir, NAMES);
    const exposed = await rig.expose("", { certificate: files });
    const serial = async () => {
      const { stdout } = await run([
        "curl",
        "-sk",
        "-w",
        "%{certs}",
        "-o",
        "/dev/null",
        `https://one.localhost:${rig.port}/`,
      ]);
      return /^Serial Number:(.*)$/m.exec(stdout)?.[1];
    };
    const first = await serial();
    assert(first !== undefined);
    await Deno.writeTextFile(files.cert, "nonsense");
    await until(
      "the line is printed",
      () => /cert\.pem: no certificate in PEM form: the old certificate stays in use/.test(exposed.output()),
    );
    assertStrictEquals(await serial(), first);
    await makeCertificate(rig.dir, NAMES);
    await until("the new one is used", async () => await serial() !== first);
  },
);

testFront("expose --http --cert says in one line why a certificate cannot be used", async (rig) => {
  const good = await makeCertificate(rig.dir, NAMES);
  const other = await makeCertificate(rig.dir, NAMES, { name: "other" });
  const old = await makeCertificate(rig.dir, NAMES, {
    name: "old",
    more: ["-not_before", "20200101000000Z", "-not_after", "20210101000000Z"],
  });
  const future = await makeCertificate(rig.dir, NAMES, {
    name: "future",
    more: ["-not_before", "20500101000000Z", "-not_after", "20510101000000Z"],
  });
  await Deno.writeTextFile(`${rig.dir}/empty`, "");
  const cases = [
    [{ ...good, cert: "/nonexistent" }, /^unsock: expose: \/nonexistent: No such file or directory$/],
    [{ ...good, cert: rig.dir }, /: not a regular file$/],
    [{ ...good, cert: `${rig.dir}/empty` }, /\/empty: no certificate in PEM form$/],
    [{ ...good, key: good.cert }, /\/cert\.pem: no private key in PEM form$/],
    [{ ...good, key: other.key }, /\/other-key\.pem: not the key of the certificate \/.*\/cert\.pem$/],
    [old, /\/old\.pem: expired on .* 2021 GMT: make a new certificate$/],
    [future, /\/future\.pem: not valid before .* 2050 GMT$/],
  ] as const;
  for (const [files, expected] of cases) {
    const { code, stderr } = await rig.tryExpose(files);
    assertStrictEquals(code, 1);
    assertMatch(stderr.trimEnd(), expected);
  }
}, need("openssl"));

testFront(
  "expose --http --cert: clients of HTTP/2 that go away as soon as they have an answer end no front",
  async (rig) => {
    await rig.special("odd");
    await rig.expose("", { certificate: await makeCertificate(rig.dir, ["odd.localhost"]) });
    // Deno aborted at the 4th to the 75th.
    const script = 'for i in $(seq 100); do "$@" || exit; done';
    const words = curl(rig, "odd.localhost/204", "--http2", "-w", "%{http_code} ");
    const { stdout, stderr } = await run(["sh", "-c", script, "sh", ...words], { timeoutMs: 120_000 });
    assertStrictEquals(stdout, "204 ".repeat(100), stderr);
  },
);
