/**
 * Makes all packages into `dist/`: what `deno task compile` makes, Debian's and npm's packages and an OCI image layout for each
 * machine, and `SHA256SUMS` of all.
 *
 * Usage: `deno task package`. Needs dpkg-deb and npm. SOURCE_DATE_EPOCH dates the files; DENORT_BIN as for compile.
 */
import * as path from "@std/path/posix";
import { compile, finish } from "./compile.ts";
import { type DebianMachine, makeDeb } from "./dist/deb.ts";
import { makeMachinePackage, makeMainPackage, type NodeMachine } from "./dist/npm.ts";
import { makeOciLayout } from "./dist/oci.ts";
import { withStage } from "./dist/tools.ts";
import type { Tree } from "./dist/trees.ts";

const DEBIAN: Readonly<Record<Tree["arch"], DebianMachine>> = { x86_64: "amd64", aarch64: "arm64" };
const NODE: Readonly<Record<Tree["arch"], NodeMachine>> = { x86_64: "x64", aarch64: "arm64" };

async function makePackages(stage: string): Promise<void> {
  const { files, trees } = await compile(stage);
  const packages: string[] = [];
  for (const { arch, directory, hasProgram } of trees) {
    packages.push(await makeDeb(DEBIAN[arch], directory, hasProgram));
    packages.push(await makeMachinePackage(NODE[arch], directory));
  }
  packages.push(await makeMainPackage());
  packages.push(
    await makeOciLayout(trees.map(({ arch, directory }) => ({
      architecture: DEBIAN[arch],
      file: path.join(directory, "lib/libunsock.so"),
    }))),
  );
  await finish([...files, ...packages]);
}

if (import.meta.main) {
  try {
    await withStage(makePackages);
  } catch (error) {
    console.error(`package: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
