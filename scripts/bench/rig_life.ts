/** Lends the rig: the library built, the programs compiled, directories that go afterwards, progress on the terminal. */
import { build } from "../build.ts";
import { buildBefore } from "./before.ts";
import { makeRig, type OtherLibrary, type Rig } from "./rig.ts";

/** On a terminal one line that changes; elsewhere a line for each kind of measurement. */
function makeProgress(): { show: Rig["progress"]; end: () => void } {
  const encoder = new TextEncoder();
  const terminal = Deno.stderr.isTerminal();
  let last = "";
  return {
    show(what, detail = "") {
      const line = terminal ? `\r\x1b[K${what} ${detail}` : `${what}\n`;
      if (line !== last) Deno.stderr.writeSync(encoder.encode(line));
      last = line;
    },
    end() {
      if (terminal) Deno.stderr.writeSync(encoder.encode("\r\x1b[K"));
    },
  };
}

/** Set-up is about files: on a disk they cost what its journal costs, and `/run` is none. */
async function makeInMemory(): Promise<string> {
  const options = { prefix: "u" };
  return await Deno.makeTempDir({ ...options, dir: "/dev/shm" }).catch(() => Deno.makeTempDir(options));
}

/**
 * Lends a rig, with the library built.
 *
 * @param compare A commit whose library takes its turns too.
 * @returns What `use` returned.
 * @throws {Error} when something does not build, and what `use` throws.
 */
export async function withRig<Result>(
  { others, quick, compare }: { others: readonly OtherLibrary[]; quick: boolean; compare?: string | undefined },
  use: (rig: Rig) => Promise<Result>,
): Promise<Result> {
  const directory = await Deno.makeTempDir({ prefix: "unsock-bench-" });
  const sockets = await makeInMemory();
  const progress = makeProgress();
  try {
    await build([]);
    const before = compare === undefined ? [] : [await buildBefore(compare, directory)];
    const libraries = [...before, ...others];
    return await use(await makeRig(directory, sockets, { others: libraries, quick, progress: progress.show }));
  } finally {
    progress.end();
    await Deno.remove(directory, { recursive: true });
    await Deno.remove(sockets, { recursive: true });
  }
}
