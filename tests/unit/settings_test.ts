/** Settings as the environment says them: `c/rules/settings.c`, and the table in `lib/run/settings.ts`. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { SETTING_LIST } from "../../lib/run/settings.ts";
import { type LibraryFunctions, openFunctions, textOf } from "../../lib/library/ffi.ts";
import { withDir } from "../support/dir.ts";
import { libraryFile } from "../support/library.ts";

const EINVAL = 22;
const DIRECTORY_MOST = 90;

/** Three bad values, at least, of every setting. */
const BAD: Record<string, string[]> = {
  UNSOCK_DIR: ["relative", "./x", "/", "//", "/./", `/${"d".repeat(DIRECTORY_MOST)}`, " /tmp"],
  UNSOCK_ADDR: [
    "localhost",
    "127.0.0.1/33",
    "127.0.0.1,",
    "127.0.0.1, ::1",
    "::1/129",
    Array(65).fill("::1").join(","),
  ],
  UNSOCK_PORT: ["0", "65536", "80-", "-80", "90-80", "80,", "http", "80-90-100", Array(65).fill("1").join(",")],
  UNSOCK_MODE: ["888", "1000", "rw", "-7", "0o700", "7 "],
  UNSOCK_BLOCK_INET: ["2", "yes", "01"],
  UNSOCK_BLOCK_INET6: ["true", "-1", " 1"],
  UNSOCK_ACCEPT_CONVERT_ALL: ["on", "11", "1\n"],
  UNSOCK_ACCEPT_CONVERT_VSOCK: ["y", "10", "0 "],
  UNSOCK_ACCEPT_AS: ["127.1.0.0", "127.1.0.0/31", "127.0.0.0/7", "::1/64", "::ffff:1.2.3.0/120", "1.0.0.0/8,2.0.0.0/8"],
  UNSOCK_FALLBACK: ["no", "2", "+1"],
  UNSOCK_ONE_ADDRESS: ["yes", "2", "01"],
  UNSOCK_CONNECT_TIMEOUT_MS: ["0", "3600001", "5s", "-1", "1e3"],
  UNSOCK_ENGINE: ["none", "AUTO", "auto ", "1"],
  UNSOCK_STRICT: ["2", "yes", "on"],
  UNSOCK_PATCH: ["no", "2", "off"],
  UNSOCK_EACH: ["jest", "0000000:", "000000:jest", "00000000:jest", "000000a:jest", "0000000:,", "0000000:a,,b"],
  UNSOCK_TRUST: ["yes", "2", "01"],
  UNSOCK_OFF: ["off", "2", "01"],
  UNSOCK_LOG: ["stdout", "log.txt", "STDERR", `/${"l".repeat(255)}`],
};

Deno.test("each setting has bad values here", () => {
  assertEquals(Object.keys(BAD).toSorted(), SETTING_LIST.map(({ variable }) => variable).toSorted());
});

function configure(library: LibraryFunctions, variables: Record<string, string>): { result: number; message: string } {
  const block = new TextEncoder().encode(
    Object.entries(variables).map(([name, value]) => `${name}=${value}\0`).join(""),
  );
  const message = new Uint8Array(1024);
  const result = library.unsock_configure(block, BigInt(block.length), message, BigInt(message.length));
  return { result, message: textOf(message) };
}

/** Of a long value only the beginning is shown. */
const SHOWN = 200;

Deno.test("bad values of each setting are refused, and both are named", () =>
  withDir((dir) => {
    const library = openFunctions(libraryFile());
    for (const [name, values] of Object.entries(BAD)) {
      for (const value of values) {
        const { result, message } = configure(library, { UNSOCK_DIR: dir, [name]: value });
        assertStrictEquals(result, -EINVAL, `${name}=${value}`);
        assert(message.startsWith(`${name}: `), message);
        const shown = value.slice(0, SHOWN).replaceAll("\n", "?");
        assert(message.includes(`"${shown}`), message);
      }
    }
    assertStrictEquals(configure(library, { UNSOCK_DIR: dir }).result, 0);
    return Promise.resolve();
  }));

/** Values at the edge of what is good. */
const GOOD: Record<string, string[]> = {
  UNSOCK_ADDR: ["127.0.0.1/0", "127.0.0.1/08", "::ffff:1.2.3.4/96", "1.2.3.4,::/128", Array(64).fill("::1").join(",")],
  UNSOCK_PORT: ["080", "80-80", "1,65535", Array(64).fill("1").join(",")],
  UNSOCK_MODE: ["0", "0777", "660"],
  UNSOCK_ACCEPT_AS: ["127.0.0.0/8", "10.0.0.0/30", "127.1.2.3/16"],
  UNSOCK_CONNECT_TIMEOUT_MS: ["1", "3600000"],
  UNSOCK_EACH: ["0000000:jest", "9999999:go test,make"],
  UNSOCK_LOG: ["stderr"],
};

Deno.test("values at the edge of what is good are taken, and empty is as good as unset", () =>
  withDir((dir) => {
    const library = openFunctions(libraryFile());
    for (const [name, values] of Object.entries(GOOD)) {
      for (const value of [...values, ""]) {
        const { result, message } = configure(library, { UNSOCK_DIR: dir, [name]: value });
        assertStrictEquals(result, 0, `${name}=${value}: ${message}`);
      }
    }
    for (const slashes of ["", "//", "/./", "/"]) {
      assertStrictEquals(configure(library, { UNSOCK_DIR: `${dir}${slashes}` }).result, 0);
    }
    return Promise.resolve();
  }));
