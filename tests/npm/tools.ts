/**
 * Tests the npm package with the tools of npm's registry that judge, install and start it: publint, arethetypeswrong, `npm
 * publish`, pnpm, Yarn's Plug'n'Play, Bun, and a Node.js that is too old. Run by `deno task test:pages`, not by CI.
 */
import { assertEquals, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import { VERSION } from "../../lib/system/version.ts";
import { withDir } from "../support/dir.ts";
import { run, type RunResult } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { packOnce } from "./packages.ts";
import { withRegistry } from "./registry.ts";

const LONG_MS = 300_000;
const PUBLINT = "publint@0.3.25";
const TYPES = "@arethetypeswrong/cli@0.18.5";
const PNPM = "pnpm@12.23.0";
const YARN = "@yarnpkg/cli-dist@4.18.1";
const BUN = "bun@1.4.5";
const TOO_OLD = "node@18.20.8";

const packages = packOnce();
const ignore = !need("npm", "node", "tar");

/** A test with the module, which both kinds of import get. */
const MODULE = `
const { loopback } = require("unsock");
const main = async () => {
  const lo = await loopback({ dir: process.env.UNSOCK_DIR });
  console.log((await lo.exec("sh", ["-c", "echo $UNSOCK_DIR"])).stdout === lo.directory + "\\n");
  await lo.close();
  const { isSupported } = await import("unsock");
  console.log(isSupported);
};
main();
`;

interface Project {
  readonly dir: string;
  readonly run: (...words: string[]) => Promise<RunResult>;
  /** The same, which must succeed. */
  readonly output: (...words: string[]) => Promise<string>;
}

/** An empty project whose packages come from a registry of this machine, and a tool from the real one, in PATH. */
async function withProject(tool: string, use: (project: Project) => Promise<void>): Promise<void> {
  await withDir((dir) =>
    packages().then((files) =>
      withRegistry(files, async (registry) => {
        for (const made of ["tool", "home", "project", "s"]) await Deno.mkdir(`${dir}/${made}`, { mode: 0o700 });
        for (const place of ["tool", "project"]) await Deno.writeTextFile(`${dir}/${place}/package.json`, "{}");
        await Deno.writeTextFile(`${dir}/project/module.cjs`, MODULE);
        await Deno.writeTextFile(`${dir}/project/.npmrc`, `registry=${registry}\n`);
        const install = ["npm", "install", "--no-audit", "--no-fund", "--loglevel=error", tool];
        assertStrictEquals((await run(install, { cwd: `${dir}/tool`, timeoutMs: LONG_MS })).code, 0);
        const env = {
          HOME: `${dir}/home`,
          PATH: `${dir}/tool/node_modules/.bin:${Deno.env.get("PATH")}`,
          NPM_CONFIG_REGISTRY: registry,
          YARN_NPM_REGISTRY_SERVER: registry,
          npm_config_cache: `${dir}/home/npm`,
          UNSOCK_DIR: `${dir}/s`,
        };
        const inProject = (...words: string[]) => run(words, { cwd: `${dir}/project`, env, timeoutMs: LONG_MS });
        const output = async (...words: string[]) => {
          const { code, stdout, stderr } = await inProject(...words);
          assertStrictEquals(code, 0, `${words.join(" ")}: ${stdout}${stderr}`);
          return stdout;
        };
        await use({ dir, run: inProject, output });
      })
    )
  );
}

/** Starts commands of the package: one of the library, and others. */
async function usesCommands({ run, output, dir }: Project, ...unsock: string[]): Promise<void> {
  const ran = await run(...unsock, "run", "--", "sh", "-c", "echo $LD_PRELOAD; exit 3");
  assertMatch(ran.stdout, /\/lib\/libunsock\.so$/m, ran.stderr);
  assertStrictEquals(ran.code, 3);
  assertMatch(await output(...unsock, "--version"), new RegExp(`^${VERSION}$`, "m"));
  assertMatch(await output(...unsock, "ls"), new RegExp(`${dir}/s`));
  assertMatch(await output(...unsock, "doctor"), /^(?:ok {3}|note )library .*\/lib\/libunsock\.so: /m);
}

Deno.test({
  name: "npm: publint says nothing, and arethetypeswrong finds no problem",
  ignore,
  fn: async () => {
    for (const file of await packages()) {
      const { code, stdout, stderr } = await run(["npx", "--yes", PUBLINT, "--strict", file], { timeoutMs: LONG_MS });
      assertEquals([code, stderr], [0, ""], stdout);
      assertMatch(stdout, /^All good!$/m);
    }
    const [main = ""] = await packages();
    const { code, stdout, stderr } = await run(["npx", "--yes", TYPES, main], { timeoutMs: LONG_MS });
    assertStrictEquals(code, 0, stdout + stderr);
    assertMatch(stdout, /No problems found/);
  },
});

Deno.test({
  name: "npm: npm publish --dry-run corrects nothing and warns of nothing",
  ignore,
  fn: async () => {
    for (const file of await packages()) {
      const words = ["npm", "publish", "--dry-run", "--tag", "next", file];
      const { code, stdout, stderr } = await run(words, { timeoutMs: LONG_MS });
      assertStrictEquals(code, 0, stderr);
      assertMatch(stdout, new RegExp(`^\\+ unsock\\S*@${VERSION}$`, "m"));
      // Only that nobody is logged in.
      assertNotMatch(
        stderr.replace(/^npm warn publish This command requires you to be logged in .*\n/m, ""),
        /warn|error/i,
      );
    }
  },
});

Deno.test({
  name: "npm: pnpm installs and starts the package",
  ignore,
  fn: () =>
    withProject(PNPM, async (project) => {
      await project.output("pnpm", "add", `unsock@${VERSION}`);
      await usesCommands(project, "pnpm", "exec", "unsock");
      assertStrictEquals(await project.output("node", "module.cjs"), "true\ntrue\n");
    }),
});

Deno.test({
  name: "npm: Yarn with Plug'n'Play installs and starts the package",
  ignore,
  fn: () =>
    withProject(YARN, async (project) => {
      const settings = [
        "nodeLinker: pnp",
        "pnpEnableEsmLoader: true",
        "enableTelemetry: false",
        "enableGlobalCache: false",
        "unsafeHttpWhitelist: [127.0.0.1]",
        "npmMinimalAgeGate: 0",
      ];
      await Deno.writeTextFile(`${project.dir}/project/.yarnrc.yml`, `${settings.join("\n")}\n`);
      await Deno.writeTextFile(`${project.dir}/project/yarn.lock`, "");
      await project.output("yarn", "add", `unsock@${VERSION}`);
      assertStrictEquals((await Deno.stat(`${project.dir}/project/.pnp.cjs`)).isFile, true);
      await usesCommands(project, "yarn", "unsock");
      assertStrictEquals(await project.output("yarn", "node", "module.cjs"), "true\ntrue\n");
    }),
});

Deno.test({
  name: "npm: Bun installs the package, and bunx starts it, by Node.js and by itself",
  ignore,
  fn: () =>
    withProject(BUN, async (project) => {
      await usesCommands(project, "bunx", `unsock@${VERSION}`);
      await usesCommands(project, "bunx", "--bun", `unsock@${VERSION}`);
      await project.output("bun", "add", `unsock@${VERSION}`);
      assertStrictEquals(await project.output("bun", "module.cjs"), "true\ntrue\n");
    }),
});

Deno.test({
  name: "npm: Node.js 18 itself says in one line that it is too old, for run, too",
  ignore,
  fn: () =>
    withProject(TOO_OLD, async (project) => {
      await project.output("npm", "install", "--no-audit", "--no-fund", "--loglevel=error", `unsock@${VERSION}`);
      for (const [command, status] of [["run", 125], ["ls", 69]] as const) {
        const { code, stdout, stderr } = await project.run("node_modules/.bin/unsock", command, "--", "true");
        const line = "unsock: needs Node.js 20.16 or newer: this is 18.20.8\n";
        assertEquals([code, stdout, stderr], [status, "", line]);
      }
    }),
});
