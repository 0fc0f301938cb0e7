/** `unsock expose --http`: all loopbacks of a user behind one port, by name, and no request at another's server. */
import { connect } from "node:http2";
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { type Proc, run, type RunResult, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { shimLibrary } from "../support/shim.ts";
import { until } from "../support/wait.ts";
import { assertFails } from "./unsock.ts";

const programText = programsOf(import.meta);
const ignore = !need("python3", "curl");
const SERVER = join(dirname(fromFileUrl(import.meta.url)), "dev_server.py");
const IDLE = 600;

/** A user's loopbacks, and the port that shows them all. */
class Rig implements AsyncDisposable {
  readonly dir: string;
  readonly env: Record<string, string>;
  port = 0;
  readonly #started: Proc[] = [];

  constructor(dir: string) {
    this.dir = dir;
    this.env = { XDG_RUNTIME_DIR: `${dir}/r` };
    Deno.mkdirSync(`${dir}/r`, { mode: 0o700 });
  }

  async serve(words: string[], name: string, port: number, manner = "closes"): Promise<Proc> {
    const command = [shimLibrary(), "run", ...words, "--", "python3", SERVER, name, `${port}`, manner];
    const server = start(command, { env: this.env });
    this.#started.push(server);
    await until("the server listens", () => server.output().includes("ready"));
    return server;
  }

  async expose(...more: string[]): Promise<Proc> {
    const exposed = start([shimLibrary(), "expose", "--http", "0", ...more], { env: this.env });
    this.#started.push(exposed);
    this.port = await until("it listens", () => Number(/:(\d+) leads by name to /.exec(exposed.output())?.[1]));
    return exposed;
  }

  /** By curl, which knows that names below "localhost" are this machine. */
  async ask(url: string, ...more: string[]): Promise<RunResult> {
    return await run(["curl", "-s", "--max-time", "20", ...more, `http://${url.replace("/", `:${this.port}/`)}`]);
  }

  async text(url: string, ...more: string[]): Promise<string> {
    const { stdout, stderr, code } = await this.ask(url, ...more);
    assertStrictEquals(code, 0, stderr);
    return stdout;
  }

  /** What comes on a connection of its own for these bytes, until `until` is in it or the connection ends. */
  async raw(text: string, until?: string): Promise<string> {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
    return await this.say(connection, text, until);
  }

  async say(connection: Deno.Conn, text: string, until?: string): Promise<string> {
    const buffer = new Uint8Array(65536);
    let answer = "";
    try {
      await connection.write(new TextEncoder().encode(text));
      while (until === undefined || !answer.includes(until)) {
        const count = await connection.read(buffer);
        if (count === null) break;
        answer += new TextDecoder().decode(buffer.subarray(0, count));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe)) throw error;
      answer += "(reset)";
    }
    return answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.#started.reverse()) await process[Symbol.asyncDispose]();
  }
}

function withRig(fn: (rig: Rig) => Promise<void>): Promise<void> {
  return withDir(async (dir) => {
    await using rig = new Rig(dir);
    await fn(rig);
  });
}

Deno.test({
  name: "expose --http: the same port in several loopbacks, each by its name, and all in a list",
  ignore,
  fn: () =>
    withRig(async (rig) => {
      await rig.serve([], "D", 3000);
      await Promise.all([
        rig.serve(["--name", "main", "--dir", `${rig.dir}/main`], "A", 3000),
        rig.serve(["--name", "feature", "--private"], "B", 3000),
        rig.serve(["--name", "feature-2", "--dir", `${rig.dir}/<i>'&`], "C", 3000),
        rig.serve(["--dir", `${rig.dir}/r/unsock/inner`], "E", 5173),
        rig.serve(["--dir", `${rig.dir}/extra`], "F", 1),
        rig.serve(["--dir", `${rig.dir}/extra`], "G", 2),
      ]);
      await rig.expose("--dir", `${rig.dir}/extra`);
      for (
        const [host, name] of [
          ["main.localhost/", "A"],
          ["FEATURE.localhost/", "B"],
          ["feature-2.localhost/", "C"],
          ["unsock.localhost/", "D"],
          ["inner.localhost/", "E"],
          ["5173.inner.localhost/", "E"],
          ["2.extra.localhost/", "G"],
        ] as const
      ) {
        assertMatch(await rig.text(host), new RegExp(`^${name} - close 0 / `), host);
      }
      const list = await rig.text("localhost/");
      assertMatch(list, new RegExp(`<a href="http://3000\\.main\\.localhost:${rig.port}/">3000</a>`));
      assert(list.includes(`<a href="http://feature.localhost:${rig.port}/">feature</a>`), list);
      assert(list.includes("/&#60;i&#62;&#39;&#38;</code>") && !list.includes("<i>"), list);
      assertMatch(list, /^<li><a href="http:\/\/extra[^\n]*>1<\/a>, <a [^\n]*>2<\/a> <code>/m);
      assertMatch(await rig.text("extra.localhost/"), /<h1>Which of them\?<\/h1>[^]*2\.extra\.localhost/);
      const status = (url: string, ...more: string[]) =>
        rig.text(url, "-o", "/dev/null", "-w", "%{http_code}", ...more);
      assertStrictEquals(await status("127.0.0.1/"), "200");
      assertStrictEquals(await status("localhost/x"), "404");
      assertStrictEquals(await status("nobody.localhost/"), "404");
      assertStrictEquals(await status("7.main.localhost/"), "502");
      for (const host of ["example.org", "localhost.example.org", "xlocalhost", "main.localhost.", ""]) {
        const expected = host === "main.localhost." ? "200" : host === "" ? "400" : "421";
        assertStrictEquals(await status("localhost/", "-H", `Host:${host === "" ? "" : ` ${host}`}`), expected, host);
      }
    }),
});

Deno.test({
  name: "expose --http: a name goes with its loopback, and is had by who takes it last",
  ignore,
  fn: () =>
    withRig(async (rig) => {
      await rig.expose();
      const one = await rig.serve(["--name", "it", "--private"], "A", 3000);
      assertMatch(await rig.text("it.localhost/"), /^A /);
      const two = await rig.serve(["--name", "it", "--private"], "B", 3000);
      assertMatch(await rig.text("it.localhost/"), /^B /);
      for (const server of [one, two]) await server[Symbol.asyncDispose]();
      assertMatch(await rig.text("localhost/"), /Nobody does/);
      assertEquals([...Deno.readDirSync(`${rig.dir}/r/unsock/.names`)], [], "what leads nowhere is forgotten");
      for (const name of ["", "A", "a.b", "-a", "a-", "a/b", "a".repeat(64)]) {
        const result = await run([shimLibrary(), "run", `--name=${name}`, "--", "true"], { env: rig.env });
        assertFails(result, 125, name === "" ? /--name: empty/ : /--name: must be 1 to 63 of a-z, 0-9 and -/);
      }
    }),
});

Deno.test({
  name: "expose --http: bodies and WebSockets pass; of a connection each request is for its own server, or none",
  ignore,
  fn: () =>
    withRig(async (rig) => {
      await rig.serve(["--name", "main", "--private"], "A", 3000);
      await rig.serve(["--name", "stubborn", "--private"], "S", 3000, "stubborn");
      await rig.expose();
      const large = `${rig.dir}/large`;
      await Deno.writeFile(large, new Uint8Array(3_000_000));
      assertMatch(await rig.text("main.localhost/", "--data-binary", `@${large}`), /^A - close 3000000 /);
      const chunked = ["-H", "Transfer-Encoding: chunked", "--data-binary", "12345"];
      assertMatch(await rig.text("main.localhost/", ...chunked), /^A - close 10 /);

      const request = (path: string, host: string, more = "") =>
        `GET ${path} HTTP/1.1\r\nHost: ${host}.localhost\r\n${more}\r\n`;
      const upgrade = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n";
      using socket = await Deno.connect({ hostname: "127.0.0.1", port: rig.port });
      assertMatch(await rig.say(socket, request("/ws", "main", upgrade), "A"), /^HTTP\/1\.1 101 [^]*\r\nA?/);
      const frames = "GET /steal HTTP/1.1\r\nHost: stubborn.localhost\r\n\r\n";
      assertMatch(await rig.say(socket, frames, frames), /GET \/steal/, "what follows is no request any more");

      // A server that is told to close, and does.
      const two = request("/1", "main") + request("/2", "stubborn");
      assertMatch(await rig.raw(two), /^HTTP\/1\.1 200 [^]*Connection: close\r\n\r\nA [^]*\/1 main\.localhost$/);
      // One that does not gets no other's request, whether it comes at once or when the first is answered.
      for (const more of ["", upgrade]) {
        using held = await Deno.connect({ hostname: "127.0.0.1", port: rig.port });
        assertMatch(await rig.say(held, request("/first", "stubborn", more), "localhost"), /\r\n\r\nS /);
        assertMatch(await rig.say(held, request("/second", "main")), /^$/);
      }
      const seen = await rig.text("stubborn.localhost/seen");
      assert(!seen.includes("second") && !seen.includes("main") && !seen.includes("/2"), seen);
      assert(!(await rig.text("main.localhost/seen")).includes("second"));
    }),
});

Deno.test({
  name: "expose --http: a server that answers before it has read all has its answer read",
  ignore,
  fn: () =>
    withRig(async (rig) => {
      await rig.serve(["--name", "hasty", "--private"], "H", 3000, "hasty");
      await rig.expose();
      for (const size of ["1", "300000", "3000000", "30000000"]) {
        const { stdout, stderr } = await run(["python3", "-c", programText("upload"), `${rig.port}`, size]);
        assertStrictEquals(stdout, "200 H\n", stderr);
      }
    }),
});

Deno.test({
  name: "expose --http refuses what could be read in two ways, and bounds what it holds",
  ignore,
  fn: () =>
    withRig(async (rig) => {
      await rig.serve(["--name", "main", "--private"], "A", 3000);
      await rig.expose();
      const host = "Host: main.localhost\r\n";
      const cases: [string, number][] = [
        [`GET / HTTP/1.1\r\n\r\n`, 400],
        [`GET / HTTP/1.1\r\n${host}${host}\r\n`, 400],
        [`GET / HTTP/1.1\r\n${host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`, 400],
        [`GET / HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 1\r\n\r\n`, 400],
        [`GET / HTTP/1.1\r\n${host}Content-Length: +1\r\n\r\n`, 400],
        [`GET / HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n`, 501],
        [`GET / HTTP/1.1\r\n${host}X : 1\r\n\r\n`, 400],
        [`GET / HTTP/1.1\r\n${host} folded\r\n\r\n`, 400],
        [`GET / HTTP/1.1\n${host}X: a\r\n\r\n`, 400],
        [`GET / HTTP/1.1\r\n${host}X: a\rb\r\n\r\n`, 400],
        [`GET http://other.localhost/ HTTP/1.1\r\n${host}\r\n`, 400],
        [`GET main.localhost:80 HTTP/1.1\r\n${host}\r\n`, 400],
        [`CONNECT main.localhost:80 HTTP/1.1\r\n${host}\r\n`, 405],
        [`GET / HTTP/3.0\r\n${host}\r\n`, 505],
        [`GET / HTTP/1.1\r\n${host}X: ${"a".repeat(40_000)}\r\n\r\n`, 431],
        [`\r\nGET http://main.localhost/ HTTP/1.1\r\n${host}\r\n`, 200],
      ];
      for (const [text, status] of cases) {
        assertMatch(await rig.raw(text), new RegExp(`^HTTP/1\\.1 ${status} `), text.slice(0, 200));
      }
      const broken = `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5\r\n12345XX0\r\n\r\n`;
      assertStrictEquals(await rig.raw(broken), "(reset)");
      // As many who say nothing as to fill all places: the first of them goes, who asks is answered.
      const idle = await Promise.all(
        Array.from({ length: IDLE }, () => Deno.connect({ hostname: "127.0.0.1", port: rig.port })),
      );
      assertMatch(await rig.text("main.localhost/"), /^A /);
      for (const connection of idle) connection.close();
    }),
});

const H2_SERVER = `
import http2 from "node:http2";
const seen = [];
http2.createServer().on("stream", (stream, headers) => {
  seen.push(headers[":authority"].split(":")[0]);
  stream.respond({ ":status": 200 });
  stream.end(process.argv[2] + " " + seen.join());
}).listen(3000, "127.0.0.1", () => console.log("ready"));
`;

Deno.test({
  name: "expose --http: HTTP/2 without TLS is led by its first request, and ends with one for another",
  ignore: ignore || !need("node"),
  fn: () =>
    withRig(async (rig) => {
      await Deno.writeTextFile(`${rig.dir}/h2.mjs`, H2_SERVER);
      await using one = start([
        shimLibrary(),
        "run",
        "--name",
        "one",
        "--private",
        "--",
        "node",
        `${rig.dir}/h2.mjs`,
        "A",
      ], {
        env: rig.env,
      });
      await using two = start([
        shimLibrary(),
        "run",
        "--name",
        "two",
        "--private",
        "--",
        "node",
        `${rig.dir}/h2.mjs`,
        "B",
      ], {
        env: rig.env,
      });
      await until("both listen", () => one.output() === "ready\n" && two.output() === "ready\n");
      await rig.expose();
      assertMatch(await rig.text("one.localhost/", "--http2-prior-knowledge"), /^A one/);
      assertMatch(await rig.text("two.localhost/", "--http2-prior-knowledge"), /^B two/);
      assertStrictEquals((await rig.ask("localhost/", "--http2-prior-knowledge")).stdout, "");

      const session = connect(`http://127.0.0.1:${rig.port}`);
      const ask = (host: string, more: Record<string, string> = {}) =>
        new Promise<string>((resolve) => {
          let text = "";
          const stream = session.request({ ":authority": `${host}.localhost`, ...more });
          stream.on("data", (data: Uint8Array) => text += new TextDecoder().decode(data));
          stream.on("error", (error: Error) => resolve(`error ${error.message}`));
          stream.on("close", () => resolve(text));
        });
      session.on("error", () => {});
      for (let i = 0; i < 40; i++) {
        const fields = Object.fromEntries(Array.from({ length: 20 }, (_, j) => [`x-${i}-${j}`, `value ${i * j}`]));
        assertMatch(await ask("one", fields), /^A [^]*one\.localhost$/);
      }
      assertMatch(await ask("two"), /^(error .*)?$/);
      await until("the session is over", () => session.closed || session.destroyed);
      assert(!(await rig.text("one.localhost/", "--http2-prior-knowledge")).includes("two"));
    }),
});
