/** Misspelt names of settings: the library refuses them, and the command line asks it. */
import { assertEquals, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import { SETTING_LIST } from "../../lib/run/settings.ts";
import { OTHER_NAMES } from "../../scripts/tables.ts";
import { type LibraryFunctions, openFunctions } from "../../lib/library/ffi.ts";
import { libraryFile } from "../support/library.ts";

/** The library's message about the names; empty: none. */
function answer(library: LibraryFunctions, directory: string, variables: Record<string, string>): string {
  const block = new TextEncoder().encode(
    Object.entries({ UNSOCK_DIR: directory, ...variables }).map(([name, value]) => `${name}=${value}\0`).join(""),
  );
  const message = new Uint8Array(1024);
  const result = library.unsock_configure(block, BigInt(block.length), message, BigInt(message.length));
  return result === 0 ? "" : new TextDecoder().decode(message.subarray(0, message.indexOf(0)));
}

Deno.test("a name that does not exist is refused, with the nearest that does", () => {
  const library = openFunctions(libraryFile());
  const directory = Deno.makeTempDirSync({ dir: "/tmp", prefix: "u" });
  try {
    for (
      const [name, meant] of [
        ["UNSOCK_PROT", "did you mean UNSOCK_PORT?"],
        ["UNSOCK_DIRR", "did you mean UNSOCK_DIR?"],
        ["UNSOCK_ADRR", "did you mean UNSOCK_ADDR?"],
        ["UNSOCK_BLOCKINET", "did you mean UNSOCK_BLOCK_INET?"],
        ["UNSOCK_BLOCK", "did you mean UNSOCK_BLOCK_INET?"],
        ["UNSOCK_ACCEPT_CONVERT", "did you mean UNSOCK_ACCEPT_CONVERT_ALL?"],
        ["UNSOCK_VSOCK_PROT", "did you mean UNSOCK_VSOCK_PORT?"],
        ["UNSOCK_port", "the manual page libunsock(7) has all"],
        ["UNSOCK_", "the manual page libunsock(7) has all"],
        ["UNSOCK_X", "the manual page libunsock(7) has all"],
        [`UNSOCK_${"LONG".repeat(30)}`, "the manual page libunsock(7) has all"],
      ] as const
    ) {
      const line = `${name.slice(0, 48)}: no such setting: ${meant}`;
      assertStrictEquals(answer(library, directory, { [name]: "1" }), line);
    }
    assertMatch(answer(library, directory, { "UNSOCK_\x1b[31m": "1" }), /^UNSOCK_\?\?31m: /);
  } finally {
    assertStrictEquals(answer(library, directory, {}), "");
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("names that others read, empty ones and those of other programs are no misspellings", () => {
  const library = openFunctions(libraryFile());
  const directory = Deno.makeTempDirSync({ dir: "/tmp", prefix: "u" });
  try {
    for (const name of [...OTHER_NAMES, "UNSOCK_TEST_BINARY", "XUNSOCK_PROT", "UNSOCKED"]) {
      assertEquals([name, answer(library, directory, { [name]: "1" })], [name, ""]);
    }
    assertStrictEquals(answer(library, directory, { UNSOCK_PROT: "" }), "");
    for (const { variable } of SETTING_LIST) {
      assertNotMatch(answer(library, directory, { [variable]: "x" }), /no such setting/);
    }
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
