/** The npm packages of this machine, as they are published, for tests that install them into a project. */
import { VERSION } from "../../lib/system/version.ts";
import { makeMachinePackage, makeMainPackage } from "../../scripts/dist/npm.ts";
import { libraryFile } from "../support/library.ts";

const MACHINE = Deno.build.arch === "aarch64" ? "arm64" : "x64";

/**
 * Packs the library, and the module with the command line.
 *
 * @param dir An absolute path: where they are made.
 * @returns The files, for `npm install`.
 */
export async function packModule(dir: string): Promise<string[]> {
  const packages = `${dir}/packages`;
  await Deno.mkdir(packages, { recursive: true });
  await makeMainPackage(packages);
  await makeMachinePackage(packages, MACHINE, libraryFile());
  return ["unsock", `unsock-linux-${MACHINE}`].map((name) => `${packages}/${name}-${VERSION}.tgz`);
}

/**
 * For the tests of one file: packs them once, when the first test asks, and removes them after the last.
 *
 * @returns A function that returns the files.
 */
export function packOnce(): () => Promise<string[]> {
  const stage = Deno.makeTempDirSync({ prefix: "unsock-npm-" });
  Deno.test.afterAll(() => Deno.remove(stage, { recursive: true }));
  let packed: Promise<string[]> | undefined;
  return () => packed ??= packModule(stage);
}
