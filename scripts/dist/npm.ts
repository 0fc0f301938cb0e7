/**
 * The npm packages: `unsock`, the module for tests and what starts the library; `unsock-cli`, which adds the whole command line; and
 * for each of them one a machine, of which npm takes the right one.
 */
import * as path from "@std/path/posix";
import { VERSION } from "../../lib/system/version.ts";
import { tellStep } from "../progress.ts";
import { ROOT, run, withStage } from "./tools.ts";

/** Node.js's name of a machine. */
export type NodeMachine = "x64" | "arm64";

const MACHINES: readonly NodeMachine[] = ["x64", "arm64"];

const COMMON = { version: VERSION, license: "Apache-2.0", os: ["linux"] } as const;

const LIBRARY = "unsock";
const COMMAND_LINE = "unsock-cli";

function nameFor(what: string, machine: NodeMachine): string {
  return `${what}-linux-${machine}`;
}

function forMachines(what: string): Record<string, string> {
  return Object.fromEntries(MACHINES.map((machine) => [nameFor(what, machine), VERSION]));
}

/** `npm pack` dates all files alike, whatever the clock says. */
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
 * Makes the packages of one machine: the library, and where there is a program behind it, both.
 *
 * @param out Where.
 * @param tree What `unsock install` puts below a prefix.
 * @param hasProgram Whether there is one.
 */
export async function makeMachinePackages(
  out: string,
  machine: NodeMachine,
  tree: string,
  hasProgram: boolean,
): Promise<void> {
  await packMachine(out, nameFor(LIBRARY, machine), machine, tree, ["lib"]);
  if (hasProgram) await packMachine(out, nameFor(COMMAND_LINE, machine), machine, tree, ["lib", "libexec"]);
}

async function packMachine(
  out: string,
  name: string,
  machine: NodeMachine,
  tree: string,
  parts: readonly string[],
): Promise<void> {
  const what = parts.includes("libexec") ? "unsock, its whole command line," : "unsock's library, which runs commands,";
  const manifest = { description: `${what} for Linux on ${machine}`, cpu: [machine], files: parts };
  await packAs(out, name, manifest, async (directory) => {
    for (const part of parts) await run("cp", ["-r", path.join(tree, part), directory]);
  });
}

/**
 * Makes the packages that people name, with the others as optional dependencies.
 *
 * @param out Where.
 */
export async function makeMainPackages(out: string): Promise<void> {
  const manifest = {
    description: "Run unmodified programs with Unix sockets in place of IP sockets: a loopback for each test",
    bin: { unsock: "bin/unsock.js" },
    exports: { ".": { types: "./unsock.d.mts", default: "./unsock.mjs" }, "./package.json": "./package.json" },
    types: "./unsock.d.mts",
    files: ["bin", "unsock.mjs", "unsock.d.mts"],
    engines: { node: ">=20" },
    optionalDependencies: forMachines(LIBRARY),
  };
  await packAs(out, LIBRARY, manifest, async (directory) => {
    await Deno.mkdir(path.join(directory, "bin"));
    for (const [from, to] of [["unsock.js", "bin/unsock.js"], ["unsock.mjs"], ["unsock.d.mts"]] as const) {
      await Deno.copyFile(path.join(ROOT, "packaging/npm", from), path.join(directory, to ?? from));
    }
    await Deno.chmod(path.join(directory, "bin/unsock.js"), 0o755);
    await Deno.copyFile(path.join(ROOT, "README.md"), path.join(directory, "README.md"));
  });
  const more = {
    description: "The whole command line of unsock: ls, doctor, unit and all else beside run",
    files: [],
    dependencies: { [LIBRARY]: VERSION },
    optionalDependencies: forMachines(COMMAND_LINE),
  };
  await packAs(out, COMMAND_LINE, more, () => Promise.resolve());
}
