/** The exports of `libunsock.so`: an exported name too many would replace a function of every program. */
import { assertEquals, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import { run } from "../support/process.ts";
import { libraryFile, namesInLibrary } from "../support/library.ts";

const OWN = `
  unsock_call_name unsock_check_control unsock_configure unsock_covers unsock_execute
  unsock_last_error unsock_path unsock_prune unsock_version
`;

const words = (text: string) => text.trim().split(/\s+/);

/** The tools come with the compiler that built the library. */
async function inspect(...command: string[]): Promise<string> {
  const { code, stdout, stderr } = await run([...command, libraryFile()]);
  assertStrictEquals(code, 0, stderr);
  return stdout;
}

Deno.test("libunsock.so exports the intercepted functions and unsock_*, nothing else", async () => {
  const exported = (await inspect("nm", "-D", "--defined-only", "-P")).trim().split("\n").map((line) =>
    line.split(" ")[0]
  );
  assertEquals(exported.toSorted(), [...namesInLibrary("unsock_call_name"), ...words(OWN)].toSorted());
});

Deno.test("libunsock.so can do without every function that it imports", async () => {
  const imported = (await inspect("nm", "-D", "--undefined-only", "-P")).trim().split("\n").filter((line) =>
    line !== ""
  );
  for (const line of imported) assertMatch(line, /^\S+ [wv]\b/, "a strong reference would not load in every libc");
});

Deno.test("libunsock.so needs no library and no symbol version, and starts by itself", async () => {
  const dynamic = await inspect("readelf", "-dW");
  assertNotMatch(dynamic, /\((NEEDED|VERNEED|VERSYM|TEXTREL|RUNPATH|RPATH)\)/);
  assertMatch(dynamic, /\(HASH\)/); // musl and old glibc
  assertMatch(dynamic, /\(GNU_HASH\)/);
  const program = await inspect("readelf", "-lW");
  assertNotMatch(program, /INTERP/);
  assertNotMatch(program, /GNU_STACK.*RWE/);
  const { code, stdout, stderr } = await run([libraryFile()]);
  assertStrictEquals(code, 0, stderr);
  assertMatch(stdout + stderr, /libunsock\.so run \[options\] \[--\] COMMAND/);
});
