/** The npm package's module, installed from its files as users do: under node's and Deno's own runners, ten workers at once. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { VERSION } from "../../lib/system/version.ts";
import { withDir } from "../support/dir.ts";
import { isAlive, run, type RunResult, start } from "../support/process.ts";
import { controlFile, sockaddrUnix } from "../support/control.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { packOnce } from "./packages.ts";
import { withRegistry } from "./registry.ts";

const WORKERS = 10;
const LONG_MS = 300_000;
const MOST_BYTES = 2 << 20;
const NODE_MODULES = "node_modules";
const here = (name: string) => path.join(import.meta.dirname ?? ".", name);

function succeeded(result: RunResult): string {
  assertStrictEquals(result.code, 0, result.stdout + result.stderr);
  return result.stdout;
}

const packages = packOnce();

/** A project with the packages in it, without a network, and a directory for the sockets. */
async function withProject(use: (dir: string, env: Record<string, string>) => Promise<void>): Promise<void> {
  await withDir(async (dir) => {
    const project = `${dir}/project`;
    await Deno.mkdir(project);
    await Deno.writeTextFile(`${project}/package.json`, '{ "type": "module" }\n');
    const install = ["npm", "install", "--offline", "--no-audit", "--no-fund", "--loglevel=error", ...await packages()];
    succeeded(await run(install, { cwd: project, timeoutMs: LONG_MS }));
    await Deno.mkdir(`${dir}/s`, { mode: 0o700 });
    await use(project, { TEST_SOCKETS: `${dir}/s`, NO_COLOR: "1" });
    await until("nothing is left", () => [...Deno.readDirSync(`${dir}/s`)].length === 0);
  });
}

async function placeWorkers(project: string, extension: string): Promise<string[]> {
  const names = Array.from({ length: WORKERS }, (_, index) => `worker${index}${extension}`);
  for (const name of names) await Deno.copyFile(here("suite.mjs"), `${project}/${name}`);
  return names;
}

/** The code of the example in the module's types. */
function exampleOfTypes(): string {
  const types = Deno.readTextFileSync(new URL("../../packaging/npm/unsock.d.mts", import.meta.url));
  const [, lines = ""] = /@example\n \* ```js\n(.*?) \* ```/s.exec(types) ?? [];
  return lines.replace(/^ \* ?/gm, "");
}

const NAMED = `
import { readlinkSync } from "node:fs";
import { loopback } from "unsock";
const lo = await loopback({ dir: process.env.TEST_SOCKETS, name: "it" });
console.log(readlinkSync(process.env.XDG_RUNTIME_DIR + "/unsock/.names/it") === lo.directory);
await lo.close();
`;

Deno.test({
  name: "npm: the package is small, and the library starts a command by itself",
  ignore: !need("npm", "node", "python3"),
  fn: () =>
    withProject(async (project, env) => {
      const sizes = succeeded(await run(["du", "-sb", "--exclude=.bin", NODE_MODULES], { cwd: project }));
      assert(parseInt(sizes) < MOST_BYTES, sizes);
      const npx = (...words: string[]) => run([`${NODE_MODULES}/.bin/unsock`, ...words], { cwd: project });
      const priv = await npx("run", "--private", "--dir", `${project}/p`, "--", "sh", "-c", "echo $UNSOCK_DIR; exit 3");
      assertStrictEquals(priv.code, 3, priv.stderr);
      assertMatch(priv.stdout, /\/p\/private\/[0-9a-f]{6}\n$/);
      const own = ["--dir", `${project}/p`];
      assertStrictEquals(succeeded(await npx("path", ...own, "3000")), `${project}/p/3000.sock\n`);
      const target = `${project}/app.sock`;
      await Deno.writeFile(`${project}/p/3000.sock`, controlFile({ dest: sockaddrUnix(target) }));
      assertStrictEquals((await npx("wait", ...own, "3000", "--timeout", "10ms")).code, 1);
      using _server = Deno.listen({ transport: "unix", path: target });
      succeeded(await npx("wait", ...own, "3000"));
      succeeded(await npx("prune", ...own));
      const example = ["node", "--input-type=module", "-e", exampleOfTypes()];
      const dirs = { ...env, XDG_RUNTIME_DIR: env["TEST_SOCKETS"] ?? "" };
      assertStrictEquals(succeeded(await run(example, { cwd: project, env: dirs })), "200\n");
      await Deno.remove(`${env["TEST_SOCKETS"]}/unsock`, { recursive: true });
      const named = ["node", "--input-type=module", "-e", NAMED];
      assertStrictEquals(
        succeeded(await run(named, { cwd: project, env: { ...env, XDG_RUNTIME_DIR: project } })),
        "true\n",
      );
    }),
});

const ON_DENO = ["run", "-A", "--node-modules-dir=manual"];

for (const [program, ...words] of [["node"], [Deno.execPath(), ...ON_DENO]]) {
  Deno.test({
    name: `npm: the module by require, and its fetch and connect (${path.basename(program ?? "")})`,
    ignore: !need("npm", "node"),
    fn: () =>
      withProject(async (project, env) => {
        await Deno.copyFile(here("http.cjs"), `${project}/http.cjs`);
        const got = succeeded(
          await run([program ?? "", ...words, "http.cjs"], { cwd: project, env, timeoutMs: LONG_MS }),
        );
        assertEquals(got.trimEnd().split("\n"), [
          "200 true a=1,b=2 GET /a?b=c 127.0.0.1:8000  ",
          "POST / 127.0.0.1:8000 application/x-www-form-urlencoded;charset=UTF-8 x=1",
          "204",
          "302",
          "200",
          "TimeoutError",
          "true true true",
        ]);
      }),
  });
}

const BY_DENO = `
import { loopback } from "npm:unsock@${VERSION}";
await using lo = await loopback({ dir: process.env.TEST_SOCKETS });
console.log((await lo.exec("sh", ["-c", "echo $UNSOCK_DIR"])).stdout === lo.directory + "\\n");
`;

Deno.test({
  name: "npm: from a registry, by a user who has nothing yet: npx unsock run --private, and Deno's npm:",
  ignore: !need("npm", "tar"),
  fn: () =>
    withDir(async (dir) =>
      withRegistry(await packages(), async (registry) => {
        const [home, sockets] = [`${dir}/home`, `${dir}/s`];
        for (const made of [home, sockets]) await Deno.mkdir(made, { mode: 0o700 });
        const env = { HOME: home, NPM_CONFIG_REGISTRY: registry, DENO_DIR: `${home}/deno`, TEST_SOCKETS: sockets };
        const words = ["run", "--private", "--dir", sockets, "--", "sh", "-c", "echo $UNSOCK_DIR; exit 3"];
        const npx = await run(["npx", "--yes", `unsock@${VERSION}`, ...words], { cwd: home, env, timeoutMs: LONG_MS });
        assertMatch(npx.stdout, /\/s\/private\/[0-9a-f]{6}\n$/, npx.stderr);
        assertStrictEquals(npx.code, 3);
        await Deno.writeTextFile(`${home}/test.mjs`, BY_DENO);
        const deno = [Deno.execPath(), "run", "-A", "--no-lock", "test.mjs"];
        const result = await run(deno, { cwd: home, env, timeoutMs: LONG_MS });
        assertStrictEquals(result.stdout, "true\n", result.stderr);
        // The command line by Deno's `npm:`, for a user without Node.js.
        const unsock = (...words: string[]) => {
          const all = [Deno.execPath(), "run", "-A", `npm:unsock@${VERSION}`, ...words];
          return run(all, { cwd: home, env: { ...env, UNSOCK_DIR: sockets }, timeoutMs: LONG_MS });
        };
        assertMatch(succeeded(await unsock("ls")), /\/s: .*empty|\/s/);
        assertMatch(
          succeeded(await unsock("doctor")),
          /^(?:ok {3}|note )library .*\/unsock-linux-\w+\/\S+\/lib\/libunsock\.so: /m,
        );
        const ran = await unsock("run", "--", "sh", "-c", "echo $LD_PRELOAD; exit 3");
        assertMatch(ran.stdout, /\/unsock-linux-\w+\/\S+\/lib\/libunsock\.so\n$/, ran.stderr);
        assertStrictEquals(ran.code, 3);
        assertMatch(succeeded(await unsock("self-test")), /^ok /m);
      })
    ),
});

Deno.test({
  name: `npm: ${WORKERS} workers of node --test on one port, at once`,
  ignore: !need("npm", "node", "python3"),
  fn: () =>
    withProject(async (project, env) => {
      const names = await placeWorkers(project, ".test.mjs");
      const command = ["node", "--test", `--test-concurrency=${WORKERS}`, "--test-reporter=tap", ...names];
      const { stdout, stderr } = await run(command, { cwd: project, env, timeoutMs: LONG_MS });
      assertMatch(stdout, new RegExp(`^# pass ${2 * WORKERS}$`, "m"), stdout + stderr);
      assertMatch(stdout, /^# fail 0$/m);
    }),
});

Deno.test({
  name: `npm: ${WORKERS} workers of deno test --parallel on one port, at once`,
  ignore: !need("npm", "python3"),
  fn: () =>
    withProject(async (project, env) => {
      await placeWorkers(project, "_test.mjs");
      const command = [Deno.execPath(), "test", "-A", "--no-check", "--parallel", "--node-modules-dir=manual"];
      const jobs = { ...env, DENO_JOBS: `${WORKERS}` };
      const result = await run(command, { cwd: project, env: jobs, timeoutMs: LONG_MS });
      assertMatch(succeeded(result), new RegExp(`^ok \\| ${2 * WORKERS} passed \\| 0 failed`, "m"));
    }),
});

for (const [program, ...words] of [["node"], [Deno.execPath(), ...ON_DENO]]) {
  Deno.test({
    name: `npm: who kills a test (${path.basename(program ?? "")}) ends all that it has started, and the directory`,
    ignore: !need("npm", "node", "setsid"),
    fn: () =>
      withProject(async (project, env) => {
        await Deno.copyFile(here("crash.mjs"), `${project}/crash.mjs`);
        await using test = start([program ?? "", ...words, "crash.mjs"], { cwd: project, env });
        const ids = await until("its programs run", () => /^\d+ \d+$/m.exec(test.output())?.[0].split(" "));
        Deno.kill(test.pid, "SIGKILL");
        await test.status;
        for (const id of ids) {
          await until(`process ${id} is gone`, () => !isAlive(id));
        }
      }),
  });
}

Deno.test({
  name: "npm: the types are those of the module",
  ignore: !need("npm"),
  fn: () =>
    withProject(async (project) => {
      const text = `import { CommandError, isSupported, loopback, UnsockError } from "./node_modules/unsock/unsock.mjs";
const lo = await loopback({ map: { 80: "/x" }, blockInet: true, name: "x" });
const { stdout }: { stdout: string } = await lo.exec("true", [], { timeoutMs: 5 });
const lines: readonly string[] = [stdout, lo.path("53/udp"), lo.env["UNSOCK_DIR"] ?? "", lo.directory];
await lo.wait(80, { signal: AbortSignal.timeout(1) });
// @ts-expect-error: no number
await lo.wait("eighty");
// @ts-expect-error: no shell
lo.spawn("x", [], { shell: true });
const answer: Response = await lo.fetch(80, "/", { method: "POST" });
lo.connect(80).end(await answer.text(), () => console.log(isSupported === true));
const code: string = new UnsockError("UNSOCK_CLOSED", lines.join()).code;
console.log(code, CommandError.name, lo.spawn("true").pid);
await lo[Symbol.asyncDispose]();
`;
      await Deno.writeTextFile(`${project}/types.ts`, `// @ts-types="./node_modules/unsock/unsock.d.mts"\n${text}`);
      const check = await run([Deno.execPath(), "check", "--node-modules-dir=manual", "types.ts"], { cwd: project });
      assertEquals(check.code, 0, check.stderr);
    }),
});
