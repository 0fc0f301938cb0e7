/**
 * Makes all packages into `dist/`: the files of `deno task compile`, Debian's and npm's packages and an OCI image
 * layout for each machine, and `SHA256SUMS` of all.
 *
 * Usage: `deno task package`. Needs dpkg-deb and npm. SOURCE_DATE_EPOCH dates the files; DENORT_BIN and
 * DENORT_BIN_AARCH64 as for compile.
 */
import * as path from "@std/path/posix";
import { compile, ship } from "./compile.ts";
import { type DebianMachine, makeDeb } from "./dist/deb.ts";
import { makeMachinePackage, makeMainPackage, type NodeMachine } from "./dist/npm.ts";
import { makeOciLayout } from "./dist/oci.ts";
import type { Tree } from "./dist/trees.ts";
import { untilInterrupted } from "./interruption.ts";

const DEBIAN: Readonly<Record<Tree["arch"], DebianMachine>> = { x86_64: "amd64", aarch64: "arm64" };
const NODE: Readonly<Record<Tree["arch"], NodeMachine>> = { x86_64: "x64", aarch64: "arm64" };

async function makePackages(out: string, stage: string): Promise<void> {
  const trees = await compile(out, stage);
  for (const { arch, directory, hasProgram } of trees) {
    await makeDeb(out, DEBIAN[arch], directory, hasProgram);
    await makeMachinePackage(out, NODE[arch], directory);
  }
  await makeMainPackage(out);
  const libraries = trees.map(({ arch, directory }) => ({
    architecture: DEBIAN[arch],
    file: path.join(directory, "lib/libunsock.so"),
  }));
  await makeOciLayout(out, libraries);
}

if (import.meta.main) {
  try {
    await untilInterrupted(() => ship(makePackages));
  } catch (error) {
    console.error(`package: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
