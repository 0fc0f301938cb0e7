/** `unsock install`: everything in place, and gone again. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { namesInLibrary } from "../support/shim.ts";
import { assertFails, unsock } from "./unsock.ts";

function filesBelow(directory: string): string[] {
  const files: string[] = [];
  for (const entry of Deno.readDirSync(directory)) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory) files.push(...filesBelow(file));
    else files.push(file);
  }
  return files.sort();
}

Deno.test("install puts everything below the prefix, uninstall removes exactly that", async () => {
  await withDir(async (dir) => {
    const prefix = path.join(dir, "usr");
    for (let twice = 0; twice < 2; twice++) {
      const installed = await unsock(["install", "--prefix", prefix]);
      assertStrictEquals(installed.code, 0, installed.stderr);
      assertEquals(installed.stdout.trim().split("\n").sort(), filesBelow(prefix));
    }
    const program = path.join(prefix, "bin", "unsock");
    const started = await run([program, "run", "--dir", path.join(dir, "s"), "--", "sh", "-c", "exit 5"]);
    assertStrictEquals(started.code, 5, started.stderr);
    const manual = Deno.readTextFileSync(path.join(prefix, "share/man/man1/unsock.1"));
    assertMatch(manual, /^\.B \\-\\-accept\\-convert <which>$/m);
    const libraryManual = Deno.readTextFileSync(path.join(prefix, "share/man/man7/libunsock.7"));
    for (const name of namesInLibrary("unsock_call_name")) {
      assertMatch(libraryManual, new RegExp(`[ \\n]${name}[,.]`), "a function that the manual does not name");
    }
    Deno.writeTextFileSync(path.join(prefix, "bin", "other"), "");
    assertStrictEquals((await unsock(["install", "--uninstall", "--prefix", prefix])).code, 0);
    assertEquals(filesBelow(prefix), [path.join(prefix, "bin", "other")]);
  });
});

Deno.test("install says in one line where it cannot write", async () => {
  assertFails(await unsock(["install", "--prefix", "/proc/nowhere"]), 1, /install \/proc\/nowhere\/bin\/unsock: /);
});
