/** The npm packages: one that everybody names, and one with the program for each machine, of which npm takes the right one. */
import * as path from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
import { VERSION } from "../../lib/system/version.ts";
import { tellStep } from "../progress.ts";
import { ROOT, run, withStage } from "./tools.ts";

/** Node.js's name of a machine. */
export type NodeMachine = "x64" | "arm64";

const MACHINES: readonly NodeMachine[] = ["x64", "arm64"];

const COMMON = { version: VERSION, license: "Apache-2.0", os: ["linux"] } as const;

function nameFor(machine: NodeMachine): string {
  return `unsock-linux-${machine}`;
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
 * Makes the package of one machine.
 *
 * @param out Where.
 * @param tree What `unsock install` puts below a prefix: the library, which is started, and the program behind it are taken.
 * @param hasProgram Whether there is one.
 */
export async function makeMachinePackage(
  out: string,
  machine: NodeMachine,
  tree: string,
  hasProgram: boolean,
): Promise<void> {
  const what = hasProgram ? "unsock" : "unsock (run and make-control alone)";
  const manifest = { description: `${what} for Linux on ${machine}`, cpu: [machine], files: ["lib", "libexec"] };
  await packAs(out, nameFor(machine), manifest, async (directory) => {
    for (const part of ["lib", "libexec"]) {
      const from = path.join(tree, part);
      if (statOrUndefined(from) !== undefined) await run("cp", ["-r", from, directory]);
    }
  });
}

/**
 * Makes the package that people name, with the others as optional dependencies.
 *
 * @param out Where.
 */
export async function makeMainPackage(out: string): Promise<void> {
  const manifest = {
    description: "Run unmodified programs with Unix sockets in place of IP sockets",
    bin: { unsock: "bin/unsock.js" },
    files: ["bin"],
    engines: { node: ">=18" },
    optionalDependencies: Object.fromEntries(MACHINES.map((machine) => [nameFor(machine), VERSION])),
  };
  await packAs(out, "unsock", manifest, async (directory) => {
    await Deno.mkdir(path.join(directory, "bin"));
    await Deno.copyFile(path.join(ROOT, "packaging/npm/unsock.js"), path.join(directory, "bin/unsock.js"));
    await Deno.chmod(path.join(directory, "bin/unsock.js"), 0o755);
    await Deno.copyFile(path.join(ROOT, "README.md"), path.join(directory, "README.md"));
  });
}
