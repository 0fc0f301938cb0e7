/**
 * Makes packages in `dist/`: the files of `deno task compile`; for each machine, Debian's and npm's packages and an OCI
 * image layout; and `SHA256SUMS` of all. Or makes one kind of package alone.
 *
 * Usage: `deno task package [npm|oci|deb]`. `npm` and `oci` contain no compiled program, and so need no Deno runtime to
 * compile one. `deb` makes this machine's package alone. Needs dpkg-deb and npm. SOURCE_DATE_EPOCH, DENORT_BIN and
 * DENORT_BIN_AARCH64 have the same effect as in `scripts/compile.ts`.
 */
import { compile, makeOwn, ship } from "./compile.ts";
import { type DebianMachine, makeDeb } from "./dist/deb.ts";
import { makeMachinePackage, makeMainPackage, type NodeMachine } from "./dist/npm.ts";
import { makeOciLayout } from "./dist/oci.ts";
import { buildLibraries, type BuiltLibrary, machines, type Tree } from "./dist/trees.ts";
import { untilInterrupted } from "./interruption.ts";
import { expectSteps } from "./progress.ts";

const DEBIAN: Readonly<Record<Tree["arch"], DebianMachine>> = { x86_64: "amd64", aarch64: "arm64" };
const NODE: Readonly<Record<Tree["arch"], NodeMachine>> = { x86_64: "x64", aarch64: "arm64" };

type Libraries = readonly BuiltLibrary[];

async function makeNpm(out: string, libraries: Libraries): Promise<void> {
  for (const { arch, file } of libraries) await makeMachinePackage(out, NODE[arch], file);
  await makeMainPackage(out);
}

async function makeOci(out: string, libraries: Libraries): Promise<void> {
  await makeOciLayout(out, libraries.map(({ arch, file }) => ({ architecture: DEBIAN[arch], file })));
}

async function makeDebs(out: string, trees: readonly Tree[]): Promise<void> {
  for (const { arch, directory, hasProgram } of trees) await makeDeb(out, DEBIAN[arch], directory, hasProgram);
}

const MACHINES = machines().length;
const [OF_NPM, OF_OCI, OF_SUMS] = [MACHINES + 2, 1, 1];
/** The steps for one machine: library, program, archive and Debian package. */
const OF_MACHINE = 4;

/** The kinds of packages, by their words on the command line, with the number of steps. */
const KINDS = {
  npm: { steps: MACHINES + OF_NPM, make: async (out: string) => await makeNpm(out, await buildLibraries()) },
  oci: { steps: MACHINES + OF_OCI, make: async (out: string) => await makeOci(out, await buildLibraries()) },
  deb: {
    steps: OF_MACHINE - 1,
    make: async (out: string, stage: string) => await makeDebs(out, [await makeOwn(out, stage)]),
  },
  all: {
    steps: MACHINES * OF_MACHINE + OF_NPM + OF_OCI,
    make: async (out: string, stage: string) => {
      const trees = await compile(out, stage);
      await makeDebs(out, trees);
      const libraries = trees.map(({ arch, directory }) => ({ arch, file: `${directory}/lib/libunsock.so` }));
      await makeNpm(out, libraries);
      await makeOci(out, libraries);
    },
  },
} as const;

function kindOf(word: string): typeof KINDS[keyof typeof KINDS] {
  const found = Object.entries(KINDS).find(([name]) => name === word)?.[1];
  if (found === undefined) throw new Error(`${word}: not one of ${Object.keys(KINDS).join(", ")}`);
  return found;
}

if (import.meta.main) {
  try {
    const { steps, make } = kindOf(Deno.args[0] ?? "all");
    await untilInterrupted(() =>
      ship(async (out, stage) => {
        expectSteps(steps + OF_SUMS);
        await make(out, stage);
      })
    );
  } catch (error) {
    console.error(`package: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
