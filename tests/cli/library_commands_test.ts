/** The commands that the library does by itself: the command line prints the same, and both refuse the same words. */
import { assertEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { byLibrary, unsock } from "./unsock.ts";

const CALLS: readonly (readonly string[])[] = [
  ["path", "8000"],
  ["path", "53/udp", "--dir=/run/x"],
  ["path", "--", "80@::1"],
  ["path"],
  ["path", "80", "81"],
  ["path", "--dir"],
  ["path", "--lib=x"],
  ["path", "--lib", "80"],
  ["path", "--nope", "80"],
  ["path", "--dri", "/x", "80"],
  ["path", "-x", "80"],
  ["path", "80@::2::"],
  ["wait"],
  ["wait", "80", "--timeout", "soon"],
  ["wait", "80", "--timeout", "0", "--gone=x"],
  ["wait", "80", "81/udp", "80@::1", "--timeout=0ms"],
  ["wait", "80", "--timeout", "1", "--timeout", "0.000"],
  ["prune", "x"],
  ["prune", "--jsn"],
  ["prune", "--json", "--dry-run"],
  ["prune", "--lib", "/none.so"],
];

Deno.test("the library alone and the command line say the same of the same words", () =>
  withDir(async (dir) => {
    const env = { UNSOCK_DIR: `${dir}/s` };
    await Promise.all([0, 1].map(async (half) => {
      for (const args of CALLS.filter((_, index) => index % 2 === half)) {
        const [one, other] = [await byLibrary(args, { cwd: dir, env }), await unsock(args, { cwd: dir, env })];
        assertEquals(one, other, args.join(" "));
      }
    }));
    assertEquals([...Deno.readDirSync(dir)], []);
  }));
