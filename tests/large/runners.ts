/**
 * Tests docs/test-runners.md for Bun, jest, mocha, vitest, Playwright, Cargo, Jupyter and a batch system's jobs. Run by
 * `deno task test:pages`, not by CI, as the runners come from npm's registry. The others are Debian's: cargo, jupyter-server.
 */
import { stripVTControlCharacters } from "node:util";
import { assertMatch, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { Reader } from "../docs/page.ts";
import { packModule } from "../npm/packages.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";

const programText = programsOf(import.meta);

/** Pinned: another version is tried by changing this. Newer ones of vitest want a newer Node.js than Debian's. */
const VITEST = "vitest@4.1.12";
const JEST = "jest@30.5.2";
const MOCHA = "mocha@12.0.3";
const PLAYWRIGHT = "@playwright/test@1.65.1";
const BUN = "bun@1.4.5";

const WORKERS = 10;
/** Workers on a busy machine wait for each other, for longer than runners do. */
const LONG_MS = 300_000;
const ELSEWHERE = "it is run by tests/docs, large.ts or another test here";

/** Every shell block of the page but those of this test. */
function others(...own: string[]): Record<string, string> {
  const suites = ["node --test", "go test", "unittest", "CMAKE_TEST_LAUNCHER", "meson setup", "--dist load"];
  const parts = [...suites, "--each -- npm test", "--each --fallback", "--each make"];
  const here = ["npx jest", "npx mocha", "npx vitest", "npx playwright", "cargo test", "#SBATCH", "jupyter-server"]
    .filter((part) => !own.includes(part));
  return Object.fromEntries([...parts, ...here].map((part) => [part, ELSEWHERE]));
}

/** Answers when there are as many servers as workers, all on this port: each leaves a file, by its worker's process, of what is its own. */
const SERVER = `
import { readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
const areAllThere = () => readdirSync("servers").length >= ${WORKERS};
const server = createServer(async (_, response) => {
  while (!areAllThere()) await new Promise((resolve) => setTimeout(resolve, 50));
  response.setHeader("content-type", "text/html").end("<!DOCTYPE html><title>Hello</title>");
});
const own = ["/proc/" + process.pid, process.env.UNSOCK_DIR];
server.listen(3000, "127.0.0.1", () => writeFileSync("servers/" + process.ppid, own.join("\\n")));
`;

/** A project with the packages, a runner and the server. */
async function makeProject(home: string, dir: string, runner: string): Promise<void> {
  await Deno.writeTextFile(`${home}/package.json`, "{}\n");
  const install = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", ...await packModule(dir), runner];
  const env = { PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD: "1" };
  const { code, stdout, stderr } = await run(install, { cwd: home, env, timeoutMs: LONG_MS });
  assertStrictEquals(code, 0, stdout + stderr);
  await Deno.writeTextFile(`${home}/server.mjs`, SERVER);
  await Deno.mkdir(`${home}/servers`);
}

async function writeTests(home: string, extension: string, text: string): Promise<void> {
  for (let index = 0; index < WORKERS; index++) await Deno.writeTextFile(`${home}/worker${index}.${extension}`, text);
}

/** So many servers were there at once, each of another worker, and neither a process nor a directory is left. */
async function checkServers(home: string): Promise<void> {
  const workers = [...Deno.readDirSync(`${home}/servers`)].map(({ name }) => `${home}/servers/${name}`);
  assertStrictEquals(workers.length, WORKERS);
  for (const own of workers.flatMap((worker) => Deno.readTextFileSync(worker).split("\n"))) {
    await until(`${own} is gone`, () => Deno.lstat(own).then(() => false, () => true));
  }
}

Deno.test({
  name: `docs: ${WORKERS} workers of bun test --parallel on one port, at once, and the page's file`,
  ignore: !need("npm", "python3", "curl"),
  fn: () =>
    Reader.with("test-runners", async (reader, dir) => {
      const { home } = reader;
      await makeProject(home, dir, BUN);
      await writeTests(home, "test.mjs", await Deno.readTextFile(new URL("../npm/suite.mjs", import.meta.url)));
      await Deno.writeTextFile(`${home}/page.test.mjs`, reader.block("js", "node:test"));
      await Deno.mkdir(`${dir}/s`, { mode: 0o700 });
      const command = [
        "env",
        `TEST_SOCKETS=${dir}/s`,
        "npx",
        "bun",
        "test",
        `--parallel=${WORKERS}`,
        `--timeout=${LONG_MS}`,
      ];
      const { code, stdout, stderr } = await reader.tryCommand(command);
      assertMatch(stripVTControlCharacters(stderr), new RegExp(`^ ${2 * WORKERS + 1} pass\n 0 fail$`, "m"), stdout);
      assertStrictEquals(code, 0);
      await until("nothing is left", () => [...Deno.readDirSync(`${dir}/s`)].length === 0);
    }, { cannotRun: others() }),
});

Deno.test({
  name: `docs: jest with ${WORKERS} workers on one port, at once`,
  ignore: !need("npm", "node"),
  fn: () =>
    Reader.with("test-runners", async (reader, dir) => {
      const { home } = reader;
      await makeProject(home, dir, JEST);
      await Deno.writeTextFile(`${home}/jest.config.js`, `module.exports = { testTimeout: ${LONG_MS} };\n`);
      await writeTests(home, "test.js", reader.block("js", "// server.test.js\n"));
      const { stderr } = await reader.run("npx jest");
      assertMatch(stripVTControlCharacters(stderr), new RegExp(`^Tests: +${WORKERS} passed, ${WORKERS} total$`, "m"));
      await checkServers(home);
    }, { cannotRun: others("npx jest") }),
});

Deno.test({
  name: `docs: mocha with ${WORKERS} workers on one port, at once`,
  ignore: !need("npm", "node"),
  fn: () =>
    Reader.with("test-runners", async (reader, dir) => {
      const { home } = reader;
      await makeProject(home, dir, MOCHA);
      await writeTests(home, "spec.mjs", reader.block("js", "// server.spec.mjs"));
      const { stdout } = await reader.run("npx mocha");
      assertMatch(stripVTControlCharacters(stdout), new RegExp(`^ +${WORKERS} passing`, "m"));
      await checkServers(home);
    }, { cannotRun: others("npx mocha") }),
});

Deno.test({
  name: `docs: vitest with ${WORKERS} workers on one port, at once`,
  ignore: !need("npm", "node", "curl"),
  fn: () =>
    Reader.with("test-runners", async (reader, dir) => {
      const { home } = reader;
      await makeProject(home, dir, VITEST);
      await Deno.writeTextFile(`${home}/vitest.config.mjs`, `export default { test: { testTimeout: ${LONG_MS} } };\n`);
      await writeTests(home, "test.mjs", reader.block("js", '"vitest"'));
      const { stdout } = await reader.run("npx vitest");
      assertMatch(stripVTControlCharacters(stdout), new RegExp(`Tests +${WORKERS} passed \\(${WORKERS}\\)`));
      await checkServers(home);
    }, { cannotRun: others("npx vitest") }),
});

Deno.test({
  name: `docs: Playwright with ${WORKERS} workers on one port, at once, and a browser in each`,
  ignore: !need("npm", "node", "chromium"),
  fn: () =>
    Reader.with("test-runners", async (reader, dir) => {
      const { home } = reader;
      await makeProject(home, dir, PLAYWRIGHT);
      await Deno.writeTextFile(`${home}/page.config.mjs`, reader.block("js", "defineConfig"));
      const settings = `import page from "./page.config.mjs";\nexport default { ...page, timeout: ${LONG_MS} };\n`;
      await Deno.writeTextFile(`${home}/playwright.config.mjs`, settings);
      await Deno.writeTextFile(`${home}/fixtures.mjs`, reader.block("js", "// fixtures.mjs"));
      await writeTests(home, "spec.mjs", reader.block("js", "// page.spec.mjs"));
      const { stdout } = await reader.run("npx playwright");
      assertMatch(stripVTControlCharacters(stdout), new RegExp(`^ +${2 * WORKERS} passed`, "m"));
      await checkServers(home);
    }, { cannotRun: others("npx playwright") }),
});

Deno.test({
  name: "docs: two jobs on one node and one port, each with a directory of its own",
  ignore: !need("python3"),
  fn: () =>
    Reader.with("test-runners", async (reader, dir) => {
      await Deno.writeTextFile(`${reader.home}/job.py`, programText("job"));
      const script = reader.block("sh", "#SBATCH");
      await Promise.all(["one", "two"].map(async (name) => {
        const place = `${dir}/${name}`;
        await Deno.mkdir(place, { mode: 0o700 });
        const { stdout, stderr } = await reader.tryCommand(["env", `TMPDIR=${place}`, "sh", "-ec", script]);
        assertStrictEquals(stdout, `done ${place}\n`, stderr);
      }));
    }, { cannotRun: others("#SBATCH") }),
});

/** A test that has the port together with the other file's: each says that it is there, and waits for the other. */
const RUST = `use std::io::Read;
use std::net::{TcpListener, TcpStream};
#[test]
fn server() {
    let server = TcpListener::bind("127.0.0.1:3000").unwrap();
    std::fs::write("there.NAME", std::env::var("UNSOCK_DIR").unwrap()).unwrap();
    for _ in 0..6000 {
        if std::path::Path::new("there.one").exists() && std::path::Path::new("there.two").exists() {
            let mut client = TcpStream::connect("127.0.0.1:3000").unwrap();
            let (served, address) = server.accept().unwrap();
            assert_eq!(address, client.local_addr().unwrap());
            drop(served);
            assert_eq!(client.read(&mut [0; 1]).unwrap(), 0);
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("the other one is not there");
}
`;

Deno.test({
  name: "docs: Cargo's two files of tests at once on one port",
  ignore: !need("cargo"),
  fn: () =>
    Reader.with("test-runners", async (reader) => {
      const { home } = reader;
      for (const made of ["src", "tests"]) await Deno.mkdir(`${home}/${made}`);
      await Deno.writeTextFile(
        `${home}/Cargo.toml`,
        '[package]\nname = "suite"\nversion = "0.1.0"\nedition = "2021"\n',
      );
      await Deno.writeTextFile(`${home}/src/lib.rs`, "");
      for (const name of ["one", "two"]) {
        await Deno.writeTextFile(`${home}/tests/${name}.rs`, RUST.replaceAll("NAME", name));
      }
      const { stdout } = await reader.run("cargo test");
      assertStrictEquals(stdout.match(/^test result: ok\. 1 passed; 0 failed/gm)?.length, 2, stdout);
      const [one, two] = ["one", "two"].map((name) => Deno.readTextFileSync(`${home}/there.${name}`));
      assertNotStrictEquals(one, two, "each had a loopback of its own");
    }, {
      // Debian's own, whatever else there is.
      places: () => ({ "cargo test": "RUSTC=/usr/bin/rustc /usr/bin/cargo test" }),
      cannotRun: others("cargo test"),
    }),
});

/** Fetches the path by HTTP, as soon as the server answers. */
const ask = (socket: string, path: string) =>
  until(`${socket} answers`, async () => {
    const { code, stdout } = await run(["curl", "-sf", "--unix-socket", socket, `http://localhost${path}`]);
    return code === 0 && stdout;
  }, LONG_MS);

Deno.test({
  name: "docs: two Jupyter servers at once on port 8888",
  ignore: !need("jupyter-server", "curl"),
  fn: () =>
    Reader.with("test-runners", async (reader, dir) => {
      await Deno.mkdir(`${reader.home}/.jupyter`);
      await Deno.writeTextFile(`${reader.home}/.jupyter/jupyter_server_config.py`, "c.ServerApp.allow_root = True\n");
      const script = reader.block("sh", "jupyter-server");
      for (const name of ["one", "two"]) {
        await Deno.mkdir(`${dir}/${name}`, { mode: 0o700 });
        reader.startCommand(["env", `TMPDIR=${dir}/${name}`, "sh", "-ec", script]);
      }
      for (const name of ["one", "two"]) {
        assertMatch(await ask(`${dir}/${name}/unsock/8888.sock`, "/api"), /^\{"version": "/);
      }
    }, { cannotRun: others("jupyter-server") }),
});

Deno.test({
  name: "docs: what jupyter-server-proxy starts has port 6006, twice at once, and is reached at its path",
  ignore: !need("python3", "curl"),
  fn: () =>
    Reader.with("test-runners", async (reader, dir) => {
      const server =
        '#!/bin/sh\n[ "$*" = "--logdir logs --port 6006" ] && exec python3 -m http.server --bind 127.0.0.1 6006\n';
      await Deno.writeTextFile(`${reader.home}/../bin/tensorboard`, server, { mode: 0o755 });
      for (const name of ["one", "two"]) {
        await Deno.mkdir(`${dir}/${name}`, { mode: 0o700 });
        await Deno.writeTextFile(`${dir}/${name}/index.html`, name);
        const config = reader.block("python", "c.ServerProxy.servers");
        const { stdout } = await run(["python3", "-c", programText("proxy_command"), `${dir}/${name}/socket`], {
          stdin: config,
        });
        const command: string[] = JSON.parse(stdout);
        reader.startCommand(["sh", "-c", 'cd "$0" && exec "$@"', `${dir}/${name}`, ...command]);
      }
      for (const name of ["one", "two"]) assertStrictEquals(await ask(`${dir}/${name}/socket`, "/"), name);
    }, { cannotRun: others() }),
});
