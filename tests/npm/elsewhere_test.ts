/**
 * The npm package where unsock cannot work. On macOS: npm and the package run on a Node.js that calls its system `darwin`. On a
 * Node.js that is too old: on one that lacks the function by which the package knows it (a real one: tests/npm/tools.ts).
 */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { VERSION } from "../../lib/system/version.ts";
import { withDir } from "../support/dir.ts";
import { run, type RunResult } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { packOnce } from "./packages.ts";
import { withRegistry } from "./registry.ts";

const LONG_MS = 300_000;
const packages = packOnce();
const SYSTEM = "unsock needs Linux: this is macOS; in a container, a VM or WSL 2 it works";
const ON_NETWORK = "the command runs on the real network";

/** What a Node.js is told before it starts, by name. */
const PRELOADED = {
  darwin: 'Object.defineProperty(process, "platform", { value: "darwin" });',
  old: 'process.getBuiltinModule = undefined; Object.defineProperty(process.versions, "node", { value: "18.20.8" });',
  riscv64: 'Object.defineProperty(process, "arch", { value: "riscv64" });',
};

const MODULE = `
const { isSupported, loopback } = require("unsock");
loopback().catch(({ code, message }) => console.log(isSupported, code, message));
`;

interface Project {
  readonly dir: string;
  /** Runs a program with the package's commands in PATH, on a Node.js that is told this. */
  readonly on: (what: keyof typeof PRELOADED, ...words: string[]) => Promise<RunResult>;
}

/** A project that `npm install unsock`, on a system that npm takes for this one, has put the package into. */
async function withProject(system: keyof typeof PRELOADED, use: (project: Project) => Promise<void>): Promise<void> {
  await withDir(async (dir) => {
    await withRegistry(await packages(), async (registry) => {
      const project = `${dir}/project`;
      for (const made of [project, `${dir}/home`]) await Deno.mkdir(made);
      await Deno.writeTextFile(`${project}/package.json`, "{}");
      for (const [name, text] of Object.entries(PRELOADED)) await Deno.writeTextFile(`${dir}/${name}.cjs`, text);
      const path = `${project}/node_modules/.bin:${Deno.env.get("PATH")}`;
      const on: Project["on"] = (what, ...words) => {
        const env = { NODE_OPTIONS: `--require ${dir}/${what}.cjs`, PATH: path, UNSOCK_DIR: `${dir}/s` };
        const more = { HOME: `${dir}/home`, NPM_CONFIG_REGISTRY: registry, npm_config_cache: `${dir}/home/npm` };
        return run(words, { cwd: project, env: { ...env, ...more }, timeoutMs: LONG_MS });
      };
      const words = ["install", "--no-audit", "--no-fund", "--loglevel=error", "--save-dev", `unsock@${VERSION}`];
      const { code, stderr } = await on(system, "npm", ...words);
      assertEquals([code, stderr], [0, ""]);
      await use({ dir, on });
    });
  });
}

function assertSays({ code, stdout, stderr }: RunResult, expected: number, line: string, output = ""): void {
  assertEquals([stderr, stdout, code], [`unsock: ${line}\n`, output, expected]);
}

Deno.test({
  name: "npm: on macOS the package is installed, says at use that it needs Linux, and runs a command with --optional",
  ignore: !need("npm", "node", "tar"),
  fn: () =>
    withProject("darwin", async ({ dir, on }) => {
      assertEquals([...Deno.readDirSync(`${dir}/project/node_modules`)].map(({ name }) => name).toSorted(), [
        ".bin",
        ".package-lock.json",
        "unsock",
      ]);
      const mac = (...words: string[]) => on("darwin", "unsock", ...words);
      assertStrictEquals((await mac("--version")).stdout, `${VERSION}\n`);
      for (const words of [["--help"], ["ls", "--help"], ["help", "run"]]) {
        const { code, stdout } = await mac(...words);
        assertStrictEquals(code, 0);
        assertMatch(stdout, /^Usage: unsock /m);
      }
      for (const words of [["ls"], ["path", "80"], ["install", "--prefix", `${dir}/p`], ["completions", "bash"]]) {
        assertSays(await mac(...words), 69, `${words[0]}: ${SYSTEM}`);
      }
      assertSays(await mac("run", "--", "touch", `${dir}/ran`), 125, `run: ${SYSTEM}`);
      assertMatch((await mac("lss")).stderr, /^unsock: unknown command 'lss'/);
      const shell = (script: string) => ["--", "sh", "-c", script];
      for (const words of [[], ["--private"], ["--port", "80"]]) {
        const result = await mac("run", "--optional", ...words, ...shell("echo it; exit 7"));
        assertSays(result, 7, `run: ${SYSTEM}: ${ON_NETWORK}`, "it\n");
      }
      assertStrictEquals((await mac("run", "--optional", ...shell("kill -KILL $$"))).signal, "SIGKILL");
      await runsThePage(dir, on);
      const missing = await mac("run", "--optional", "--", "none-such");
      assertEquals([missing.code, missing.stderr.split("\n")[1]], [
        127,
        "unsock: command none-such: No such file or directory",
      ]);
      for (const wall of ["--block-inet", "--strict", "--isolate"]) {
        const line = `run: ${wall}: ${SYSTEM}: with it --optional starts nothing`;
        assertSays(await mac("run", "--optional", wall, ...shell("touch ran")), 125, line);
      }
      const dry = await mac("run", "--optional", "--dry-run", "--", "touch", "a b");
      assertSays(dry, 0, `run: ${SYSTEM}: ${ON_NETWORK}`, "touch 'a b'\n");
      const { stdout, stderr } = await on("darwin", "node", "-e", MODULE);
      assertMatch(stdout, /^false UNSOCK_LIBRARY unsock needs Linux: this is darwin: /, stderr);
    }),
});

/** docs/install.md: its line for a team, and what it prints. */
async function runsThePage(dir: string, on: Project["on"]): Promise<void> {
  const page = await Deno.readTextFile(new URL("../../docs/install.md", import.meta.url));
  const [, line = "", said = ""] =
    /```sh\n(unsock run --optional [^\n]*)\n```.*?```\n(unsock: run: [^\n]*\n)```/s.exec(page) ?? [];
  await Deno.writeTextFile(`${dir}/project/package.json`, '{ "scripts": { "test": "echo tested" } }');
  const { code, stdout, stderr } = await on("darwin", "sh", "-ec", line);
  assertEquals([stderr, code], [said, 0]);
  assertMatch(stdout, /^tested$/m);
}

Deno.test({
  name: "npm: a Node.js that is too old, and a machine without a library, are named in one line, by run too",
  ignore: !need("npm", "node", "tar"),
  fn: () =>
    withProject("riscv64", async ({ on }) => {
      for (const [words, code] of [[["run", "--", "true"], 125], [["ls"], 69], [["--version"], 69]] as const) {
        const line = "needs Node.js 20.16 or newer: this is 18.20.8";
        assertSays(await on("old", "unsock", ...words), code, line);
      }
      const none = "package unsock-linux-riscv64: not installed: unsock is for x64 and arm64";
      assertSays(await on("riscv64", "unsock", "ls"), 1, none);
      assertSays(await on("riscv64", "unsock", "run", "--", "true"), 125, none);
      const optional = await on("riscv64", "unsock", "run", "--optional", "--", "echo", "it");
      assertSays(optional, 0, `run: ${none}: ${ON_NETWORK}`, "it\n");
      assertStrictEquals((await on("riscv64", "unsock", "--version")).stdout, `${VERSION}\n`);
      assertMatch(
        (await on("riscv64", "node", "-e", MODULE)).stdout,
        /^false UNSOCK_LIBRARY package unsock-linux-riscv64/,
      );
    }),
});
