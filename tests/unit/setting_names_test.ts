/** Misspelt names of settings: the library's words and the command line's are the same. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { checkSettingNames, OTHER_NAMES } from "../../lib/run/setting_names.ts";
import { SETTING_LIST } from "../../lib/run/settings.ts";
import { UsageError } from "../../lib/system/errors.ts";
import { openShim, type Shim } from "../../lib/library/ffi.ts";
import { shimLibrary } from "../support/shim.ts";

/** What is said about the names, by the command line and by the library. */
function answers(shim: Shim, directory: string, variables: Record<string, string>): [string, string] {
  const block = new TextEncoder().encode(
    Object.entries({ UNSOCK_DIR: directory, ...variables }).map(([name, value]) => `${name}=${value}\0`).join(""),
  );
  const message = new Uint8Array(1024);
  const result = shim.unsock_configure(block, BigInt(block.length), message, BigInt(message.length));
  const text = new TextDecoder().decode(message.subarray(0, message.indexOf(0)));
  return [ours(variables), result === 0 ? "" : text];
}

function ours(variables: Record<string, string>): string {
  try {
    checkSettingNames(Object.entries(variables));
    return "";
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

Deno.test("a name that does not exist is refused in the same words, with the nearest that does", () => {
  const shim = openShim(shimLibrary());
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
      assertEquals(answers(shim, directory, { [name]: "1" }), [line, line]);
    }
    assertEquals(answers(shim, directory, { "UNSOCK_\x1b[31m": "1" }).map((line) => line.split(":")[0]), [
      "UNSOCK_??31m",
      "UNSOCK_??31m",
    ]);
  } finally {
    assertStrictEquals(answers(shim, directory, {})[1], "");
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("names that others read, empty ones and those of other programs are no misspellings", () => {
  const shim = openShim(shimLibrary());
  const directory = Deno.makeTempDirSync({ dir: "/tmp", prefix: "u" });
  try {
    for (const name of [...OTHER_NAMES, "UNSOCK_TEST_BINARY", "XUNSOCK_PROT", "UNSOCKED"]) {
      assertEquals([name, ...answers(shim, directory, { [name]: "1" })], [name, "", ""]);
    }
    assertEquals(answers(shim, directory, { UNSOCK_PROT: "" }), ["", ""]);
    for (const { variable } of SETTING_LIST) assertStrictEquals(ours({ [variable]: "x" }), "");
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});
