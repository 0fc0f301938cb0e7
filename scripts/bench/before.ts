/** Builds the library of an earlier commit. */
import * as path from "@std/path/posix";
import { BEFORE } from "./report.ts";
import { type OtherLibrary, output, ROOT } from "./rig.ts";

const BUILD_MS = 300_000;

/**
 * Builds the library of a commit with the commit's own script.
 *
 * @param commit Any name of a commit that git accepts.
 * @param directory An empty directory.
 * @throws {Error} When there is no such commit, or it does not build.
 */
export async function buildBefore(commit: string, directory: string): Promise<OtherLibrary> {
  const tree = path.join(directory, "before");
  await output(["git", "clone", "--quiet", "--no-checkout", "--shared", ROOT, tree]);
  const hash = (await output(["git", "-C", ROOT, "rev-parse", "--verify", `${commit}^{commit}`])).trim();
  await output(["git", "-C", tree, "checkout", "--quiet", hash]);
  await output([Deno.execPath(), "run", "-A", path.join(tree, "scripts", "build.ts")], { timeoutMs: BUILD_MS });
  return { name: BEFORE, how: path.join(tree, "build", "libunsock.so"), ours: true };
}
