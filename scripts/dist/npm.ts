/** Makes the npm packages: `unsock` has the module for tests and the command line, `unsock-linux-CPU` a library. */
import * as path from "@std/path/posix";
import { REPOSITORY, VERSION } from "../../lib/system/version.ts";
import { tellStep } from "../progress.ts";
import { bundleProgram, OLDEST_NODE } from "./bundle.ts";
import { absoluteLinks } from "./readme.ts";
import { ROOT, run, withStage } from "./tools.ts";

/** Node.js's name of a machine. */
export type NodeMachine = "x64" | "arm64";

const MACHINES: readonly NodeMachine[] = ["x64", "arm64"];

const IS_RELEASE = !VERSION.includes("-");

const COMMON = {
  version: VERSION,
  type: "commonjs",
  preferUnplugged: true, // Yarn then unpacks the package: no program can be executed from Yarn's archives
  license: "Apache-2.0",
  author: "The unsock authors",
  repository: { type: "git", url: `git+${REPOSITORY}.git` },
  homepage: `${REPOSITORY}#readme`,
  bugs: { url: `${REPOSITORY}/issues` },
} as const;

const NAME = "unsock";

function nameFor(machine: NodeMachine): string {
  return `${NAME}-linux-${machine}`;
}

/** Makes a package with `npm pack`, which gives all files one fixed date. */
async function packAs(
  out: string,
  name: string,
  manifest: object,
  fill: (directory: string) => Promise<void>,
): Promise<void> {
  tellStep(`${name}-${VERSION}.tgz`);
  await withStage(async (directory) => {
    await fill(directory);
    await Deno.copyFile(path.join(ROOT, "LICENSE"), path.join(directory, "LICENSE"));
    const text = JSON.stringify({ name, ...COMMON, ...manifest }, null, 2);
    await Deno.writeTextFile(path.join(directory, "package.json"), `${text}\n`);
    await run("chmod", ["-R", "u=rwX,go=rX", directory]);
    await run("npm", ["pack", "--silent", "--pack-destination", out, directory]);
  });
}

/** Makes the package of one machine in the directory `out`, with this library. */
export async function makeMachinePackage(out: string, machine: NodeMachine, library: string): Promise<void> {
  const description = `unsock's library for Linux on ${machine}`;
  const manifest = { description, os: ["linux"], cpu: [machine], files: ["lib"] };
  await packAs(out, nameFor(machine), manifest, async (directory) => {
    await Deno.mkdir(path.join(directory, "lib"));
    await Deno.copyFile(library, path.join(directory, "lib/libunsock.so"));
  });
}

const MODULE = ["unsock.cjs", "unsock.mjs", "unsock.d.mts"] as const;
const TYPES_OF_COMMONJS = "unsock.d.cts";

/** The main package's manifest. Without `os` and `cpu`, npm installs it everywhere; the module reports its needs. */
const MAIN = {
  description:
    "Run unmodified programs with Unix sockets in place of IP sockets: a loopback for each test and each checkout",
  keywords: ["unix-socket", "loopback", "localhost", "port", "testing", "isolation", "worktree", "vsock", "ld-preload"],
  bin: { unsock: "bin/unsock.js" },
  main: "./unsock.cjs",
  types: `./${TYPES_OF_COMMONJS}`,
  exports: {
    ".": {
      import: { types: "./unsock.d.mts", default: "./unsock.mjs" },
      require: { types: `./${TYPES_OF_COMMONJS}`, default: "./unsock.cjs" },
    },
    "./package.json": "./package.json",
  },
  files: ["bin", "main.mjs", ...MODULE, TYPES_OF_COMMONJS, "SKILL.md"],
  engines: { node: `^${OLDEST_NODE} || >=22.3` },
  optionalDependencies: Object.fromEntries(MACHINES.map((machine) => [nameFor(machine), VERSION])),
  // Only the types need this package.
  peerDependencies: { "@types/node": ">=20" },
  peerDependenciesMeta: { "@types/node": { optional: true } },
} as const;

/** @throws {Error} When a release still has the placeholder for the repository's address. */
export function checkAddress(isRelease: boolean, repository: string): void {
  if (isRelease && new URL(repository).hostname.endsWith(".example")) {
    throw new Error(`${repository} is nobody's address: set REPOSITORY in lib/system/version.ts for a release`);
  }
}

/** Makes the main package in the directory `out`. The machines' packages are its optional dependencies. */
export async function makeMainPackage(out: string): Promise<void> {
  checkAddress(IS_RELEASE, REPOSITORY);
  await packAs(out, NAME, MAIN, async (directory) => {
    for (const file of MODULE) {
      await Deno.copyFile(path.join(ROOT, "packaging/npm", file), path.join(directory, file));
    }
    // Both modules export the same, so they have the same types.
    await Deno.copyFile(path.join(directory, "unsock.d.mts"), path.join(directory, TYPES_OF_COMMONJS));
    const readme = await Deno.readTextFile(path.join(ROOT, "README.md"));
    const commit = IS_RELEASE ? VERSION : "HEAD";
    await Deno.writeTextFile(path.join(directory, "README.md"), absoluteLinks(readme, REPOSITORY, commit));
    await Deno.copyFile(path.join(ROOT, "packaging/SKILL.md"), path.join(directory, "SKILL.md"));
    await bundleProgram(directory);
    await Deno.chmod(path.join(directory, "bin/unsock.js"), 0o755);
  });
}
