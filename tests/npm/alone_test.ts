/**
 * The npm package's whole command line where one runtime is all that there is: the oldest Node.js that it is for, the later ones,
 * and Bun, from npm; no Deno is in PATH. It does not repeat the tests of the command line on Deno.
 */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { COMMANDS, PROGRAMS_COMMANDS } from "../../lib/commands/table.ts";
import { commandHelp, programHelp } from "../../lib/help/help.ts";
import { VERSION } from "../../lib/system/version.ts";
import { OLDEST_NODE } from "../../scripts/dist/bundle.ts";
import { withDir } from "../support/dir.ts";
import { run, type RunOptions, type RunResult } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { packOnce } from "./packages.ts";
import { withRegistry } from "./registry.ts";

const LONG_MS = 300_000;
const MOST_BYTES = 2_000_000;
const MOST_MEGABYTES = 100;

/** A runtime of npm's registry: its package, its program there, and its version as Node.js. */
interface Runtime {
  readonly name: string;
  readonly spec: string;
  readonly program: string;
  readonly version: RegExp;
  /** How many requests a front gets. */
  readonly requests: number;
}

const nodeOf = (spec: string, version: RegExp, requests: number): Runtime => ({
  name: `Node.js ${spec}`,
  spec: `node@${spec}`,
  program: "node/bin/node",
  version,
  requests,
});

const RUNTIMES: readonly Runtime[] = [
  nodeOf(`${OLDEST_NODE}.0`, /^v20\.16\.0$/m, 100),
  nodeOf("22", /^v22\./, 3_000),
  nodeOf("24", /^v24\./, 100),
  { name: "Bun", spec: "bun@1.4.5", program: "bun/bin/bun.exe", version: /^v\d+\./, requests: 0 },
];
const ASK_OFTEN = path.fromFileUrl(new URL("./ask_often.mjs", import.meta.url));

/** The programs in PATH besides Node.js: neither Deno nor another Node.js. */
const PROGRAMS = ["sh", "env", "grep", "ls", "sleep"];

const packages = packOnce();

interface Machine {
  readonly dir: string;
  /** Runs a program by its name, as in a shell there. */
  readonly run: (words: readonly string[], options?: RunOptions) => Promise<RunResult>;
}

/** A project with the package in it, installed from a registry of this machine. */
async function withRuntime({ spec, program }: Runtime, use: (machine: Machine) => Promise<void>): Promise<void> {
  await withDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/package.json`, "{}");
    for (const made of ["bin", "home", "project", "project/s"]) await Deno.mkdir(`${dir}/${made}`, { mode: 0o700 });
    await Deno.writeTextFile(`${dir}/project/package.json`, "{}");
    const got = await run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", spec], {
      cwd: dir,
      timeoutMs: LONG_MS,
    });
    assertStrictEquals(got.code, 0, got.stderr);
    // By the name `node`, too, Bun does what Node.js does: it is in the first line of the command.
    for (const name of new Set(["node", path.basename(program, ".exe")])) {
      await Deno.symlink(`${dir}/node_modules/${program}`, `${dir}/bin/${name}`);
    }
    for (const name of PROGRAMS) {
      const { stdout } = await run(["sh", "-c", `command -v ${name}`]);
      if (stdout !== "") await Deno.symlink(stdout.trim(), `${dir}/bin/${name}`);
    }
    await withRegistry(await packages(), async (registry) => {
      const words = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", `unsock@${VERSION}`];
      const env = { NPM_CONFIG_REGISTRY: registry, npm_config_cache: `${dir}/home/npm` };
      const installed = await run(words, { cwd: `${dir}/project`, env, timeoutMs: LONG_MS });
      assertStrictEquals(installed.code, 0, installed.stderr);
    });
    const env = {
      HOME: `${dir}/home`,
      PATH: `${dir}/project/node_modules/.bin:${dir}/bin`,
      UNSOCK_DIR: `${dir}/project/s`,
    };
    await use({
      dir: `${dir}/project`,
      run: (words, options = {}) =>
        run([...words], { cwd: `${dir}/project`, ...options, clearEnv: true, env: { ...env, ...options.env } }),
    });
  });
}

async function succeed(machine: Machine, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await machine.run(words);
  assertStrictEquals(code, 0, `${words.join(" ")}: ${stdout}${stderr}`);
  return stdout;
}

for (const runtime of RUNTIMES) {
  Deno.test({
    name: `npm: on a machine with ${runtime.name} alone the package has the whole command line, in less than 2 MB`,
    ignore: !need("npm", "tar"),
    fn: () =>
      withRuntime(runtime, async (machine) => {
        assertMatch(await succeed(machine, "node", "-e", "console.log(process.version)"), runtime.version);
        assertMatch((await machine.run(["sh", "-c", "command -v deno || echo none"])).stdout, /^none$/m);
        const { stdout: size } = await run(["du", "-sb", "--exclude=.bin", "node_modules"], { cwd: machine.dir });
        assert(parseInt(size) < MOST_BYTES, size);
        await helps(machine);
        await lists(machine);
        if (runtime.requests > 0) await exposes(machine, runtime.requests);
        await tellsWhatIsWrong(machine);
        await makesControlFiles(machine);
        await doesTheRest(machine);
      }),
  });
}

async function helps(machine: Machine): Promise<void> {
  assertStrictEquals(await succeed(machine, "unsock", "--version"), `${VERSION}\n`);
  assertStrictEquals(await succeed(machine, "unsock", "--help"), programHelp(COMMANDS));
  for (const command of [...COMMANDS, ...PROGRAMS_COMMANDS].filter(({ name }) => ["wait", "hold"].includes(name))) {
    assertStrictEquals(await succeed(machine, "unsock", command.name, "--help"), commandHelp(command));
    assertStrictEquals(await succeed(machine, "unsock", "--help", command.name), commandHelp(command));
  }
}

/** Each command that no other test here runs. */
async function doesTheRest(machine: Machine): Promise<void> {
  assertStrictEquals(await succeed(machine, "unsock", "path", "80"), `${machine.dir}/s/80.sock\n`);
  assertMatch(await succeed(machine, "unsock", "query", "version"), /^\{"question":"version",/);
  assertMatch(await succeed(machine, "unsock", "env"), /^export LD_PRELOAD=\S+unsock-linux-\w+\/lib\/libunsock\.so$/m);
  assertMatch(await succeed(machine, "unsock", "unit", "--name", "it", "--", "ls"), /^ExecStart=/m);
  assertMatch(await succeed(machine, "unsock", "completions", "bash"), /^complete /m);
  await succeed(machine, "unsock", "prune");
  await succeed(machine, "unsock", "install", "--prefix", `${machine.dir}/prefix`);
  const installed = `${machine.dir}/prefix/bin/unsock`;
  assertStrictEquals(await succeed(machine, installed, "--version"), `${VERSION}\n`);
  assertMatch(await succeed(machine, installed, "ls"), new RegExp(`^directory ${machine.dir}/s|${machine.dir}/s`));
}

/** `ls` and `doctor`, of a server that the package's own `run` has started. */
async function lists(machine: Machine): Promise<void> {
  await Deno.writeTextFile(`${machine.dir}/server.js`, 'require("node:net").createServer().listen(8000, "127.0.0.1");');
  const server = "unsock run -- node server.js & unsock wait 8000 --timeout 60";
  const script = `${server} && unsock ls && unsock ls --json && unsock doctor 8000; kill $!; wait $! 2>/dev/null; true`;
  const stdout = await succeed(machine, "sh", "-c", script);
  assertMatch(stdout, /^8000\S* +stream +listening .* node server\.js\[\d+\]$/m);
  assertMatch(stdout, /^ {4}"port": 8000,$/m);
  assertMatch(stdout, /^ok {3}listeners: 8000/m);
  assertMatch(
    (await machine.run(["unsock", "doctor"])).stdout,
    /^(?:ok {3}|note )library .*unsock-linux-\w+\/lib\/libunsock\.so: /m,
  );
}

/**
 * One port for all loopbacks: a page lists them, and a request goes to the server that its host names. The front's
 * memory stays small.
 */
async function exposes(machine: Machine, requests: number): Promise<void> {
  await Deno.writeTextFile(
    `${machine.dir}/web.js`,
    `require("node:http").createServer((_, answer) => answer.end("the server\\n")).listen(8000, "127.0.0.1");`,
  );
  await Deno.writeTextFile(
    `${machine.dir}/ask.js`,
    `const http = require("node:http");
    const [, , port, host] = process.argv;
    http.get({ port, headers: { host } }, (answer) => answer.pipe(process.stdout));`,
  );
  const script = `unsock run --name it -- node web.js & server=$!
    unsock wait 8000 --timeout 60
    unsock expose --http 0 >front 2>&1 & front=$!
    until grep -q 'localhost:[1-9]' front; do kill -0 $front || exit 1; sleep 0.1; done
    port=$(grep -om1 'localhost:[1-9][0-9]*' front)
    port=\${port#localhost:}
    node ask.js $port it.localhost:$port
    node ask.js $port localhost:$port
    node ${ASK_OFTEN} $port it.localhost:$port ${requests}
    grep VmRSS /proc/$front/status
    kill $front $server; wait 2>/dev/null; true`;
  const { stdout, stderr } = await machine.run(["sh", "-c", script], {
    env: { XDG_RUNTIME_DIR: machine.dir },
    timeoutMs: LONG_MS,
  });
  assertMatch(stdout, /^the server$/m, stderr + stdout);
  assertMatch(stdout, new RegExp(`^${requests} answers$`, "m"), stderr + stdout);
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(stdout) ?? [];
  assert(Number(kilobytes) <= MOST_MEGABYTES * 1024, `${kilobytes} kB after ${requests} requests`);
  assertMatch(stdout, /<a href="http:\/\/it\.localhost:\d+\//, stdout);
}

async function makesControlFiles(machine: Machine): Promise<void> {
  await succeed(machine, "unsock", "make-control", "--port", "1234", "--vsock-port", "5678");
  assertMatch(await succeed(machine, "unsock", "show-control", "1234"), /vsock.*5678|5678.*vsock/i);
  const shown = JSON.parse(await succeed(machine, "unsock", "show-control", "--json", `${machine.dir}/s/1234.sock`));
  assertEquals([shown.kind, shown.destination.port], ["plain", 5678]);
}

/** Messages and exit statuses are as on Deno. */
async function tellsWhatIsWrong(machine: Machine): Promise<void> {
  const cases: readonly (readonly [words: string[], code: number, line: RegExp])[] = [
    [["ls", "--nope"], 2, /^unsock: ls: unknown option '--nope'[^\n]*\n$/],
    [["ls", "--dir", "/dev/null"], 1, /^unsock: directory \/dev\/null: Not a directory\n$/],
    [["run", "none-such"], 127, /^unsock: [^\n]*none-such[^\n]*\n$/],
    [["run", "--log", "/none/log", "true"], 127, /^unsock: [^\n]*not found: [^\n]*write --log=\/none\/log\n$/],
    [["wait", "80", "--timeout", "-1"], 2, /^unsock: --timeout: not a time[^\n]*: "-1"\n$/],
    [["doctor", "80@x"], 2, /^unsock: PORT@ADDR: not an IP address: "x"\n$/],
    [["self-test"], 1, /^unsock: self-test: Node\.js has no foreign functions[^\n]*\n$/],
  ];
  for (const [words, code, line] of cases) {
    const result = await machine.run(["unsock", ...words]);
    assertMatch(result.stderr, line);
    assertStrictEquals(result.code, code, words.join(" "));
  }
  // The state that Node.js has changed in its own process is restored.
  const state = "grep SigIgn /proc/self/status; ulimit -Sn";
  const [plain, under] = [`ulimit -Sn 1000; ${state}`, `ulimit -Sn 1000; unsock run -- sh -c '${state}'`];
  const outputs = await Promise.all([plain, under].map((script) => machine.run(["sh", "-c", script])));
  assertStrictEquals(outputs[1]?.stdout, outputs[0]?.stdout, outputs[1]?.stderr);
}
