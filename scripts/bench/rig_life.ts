/** Sets up the rig and removes it: builds library and programs, makes directories, shows progress on a terminal. */
import { build } from "../build.ts";
import { endProgress, showProgress } from "../progress.ts";
import { buildBefore } from "./before.ts";
import { makeRig, type OtherLibrary, type Rig } from "./rig.ts";

/** Makes a directory in memory, as `/run` is. On a disk, socket files would cost what the disk's journal costs. */
export async function makeInMemory(): Promise<string> {
  const options = { prefix: "u" };
  return await Deno.makeTempDir({ ...options, dir: "/dev/shm" }).catch(() => Deno.makeTempDir(options));
}

/**
 * Runs `use` with a rig, after building the library.
 *
 * @param compare A commit whose library is measured, too.
 * @returns The result of `use`.
 * @throws {Error} When something does not build, or from `use`.
 */
export async function withRig<Result>(
  { others, quick, compare }: { others: readonly OtherLibrary[]; quick: boolean; compare?: string | undefined },
  use: (rig: Rig) => Promise<Result>,
): Promise<Result> {
  const directory = await Deno.makeTempDir({ prefix: "unsock-bench-" });
  const sockets = await makeInMemory();
  try {
    await build([]);
    const before = compare === undefined ? [] : [await buildBefore(compare, directory)];
    const libraries = [...before, ...others];
    const progress: Rig["progress"] = (what, detail = "") => showProgress(`${what} ${detail}`);
    return await use(await makeRig(directory, sockets, { others: libraries, quick, progress }));
  } finally {
    endProgress();
    await Deno.remove(directory, { recursive: true });
    await Deno.remove(sockets, { recursive: true });
  }
}
