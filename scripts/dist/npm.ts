/**
 * Makes the npm packages: `unsock`, with the module for tests and the whole command line; and for each machine a package
 * with its library, of which npm installs the right one.
 */
import * as path from "@std/path/posix";
import { VERSION } from "../../lib/system/version.ts";
import { tellStep } from "../progress.ts";
import { bundleProgram } from "./bundle.ts";
import { ROOT, run, withStage } from "./tools.ts";

/** Node.js's name of a machine. */
export type NodeMachine = "x64" | "arm64";

const MACHINES: readonly NodeMachine[] = ["x64", "arm64"];

const COMMON = { version: VERSION, license: "Apache-2.0", os: ["linux"] } as const;

const NAME = "unsock";

function nameFor(machine: NodeMachine): string {
  return `${NAME}-linux-${machine}`;
}

/** `npm pack` dates all files alike, at any time. */
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

/**
 * Makes the package of one machine, which has the library.
 *
 * @param out Where.
 * @param tree The files of `unsock install` below a prefix.
 */
export async function makeMachinePackage(out: string, machine: NodeMachine, tree: string): Promise<void> {
  const description = `unsock's library for Linux on ${machine}`;
  await packAs(out, nameFor(machine), { description, cpu: [machine], files: ["lib"] }, async (directory) => {
    await Deno.mkdir(path.join(directory, "lib"));
    await Deno.copyFile(path.join(tree, "lib/libunsock.so"), path.join(directory, "lib/libunsock.so"));
  });
}

/** From `packaging/npm`. */
const MODULE = ["unsock.mjs", "unsock.d.mts"] as const;

/**
 * Makes the package that people name, with the others as optional dependencies.
 *
 * @param out Where.
 */
export async function makeMainPackage(out: string): Promise<void> {
  const manifest = {
    description: "Run unmodified programs with Unix sockets in place of IP sockets: a loopback for each test",
    bin: { unsock: "bin/unsock.js" },
    exports: { ".": { types: "./unsock.d.mts", default: "./unsock.mjs" }, "./package.json": "./package.json" },
    types: "./unsock.d.mts",
    files: ["bin", "main.mjs", "unsock.mjs", "unsock.d.mts", "SKILL.md"],
    engines: { node: ">=22" },
    optionalDependencies: Object.fromEntries(MACHINES.map((machine) => [nameFor(machine), VERSION])),
  };
  await packAs(out, NAME, manifest, async (directory) => {
    for (const file of MODULE) {
      await Deno.copyFile(path.join(ROOT, "packaging/npm", file), path.join(directory, file));
    }
    await Deno.copyFile(path.join(ROOT, "README.md"), path.join(directory, "README.md"));
    await Deno.copyFile(path.join(ROOT, "packaging/SKILL.md"), path.join(directory, "SKILL.md"));
    await bundleProgram(directory);
    await Deno.chmod(path.join(directory, "bin/unsock.js"), 0o755);
  });
}
