/** Two readers of the same settings, TypeScript and C, agree on every value: what `run` lets pass, the library takes. */
import { assertEquals } from "@std/assert";
import { openShim, type Shim } from "../../lib/system/ffi.ts";
import { SettingError } from "../../lib/run/setting_types.ts";
import { parseSettings, SETTING_LIST } from "../../lib/run/settings.ts";
import { namesInLibrary, shimLibrary } from "../support/shim.ts";

const LONG = "d".repeat(89);

/** Good and bad ones: which is which is for the two to say. */
const VALUES: Record<string, string[]> = {
  UNSOCK_DIR: ["@/x", "@//x/", "@/./x", "x", "/", "//", "/.", "./x", ` @`, `/${LONG}xx`, `/${LONG}xxx/`],
  UNSOCK_ADDR: [
    "127.0.0.1",
    "127.0.0.1/0",
    "127.0.0.1/8,::1,::/0",
    "127.0.0.1/32",
    "127.0.0.1/33",
    "127.0.0.1/",
    "127.0.0.1/08",
    "/8",
    "127.0.0.1,",
    ",127.0.0.1",
    "127.0.0.1,,::1",
    "127.0.0.1 ,::1",
    "127.1",
    "127.0.0.256",
    "127.0.0.01",
    "010.0.0.1",
    "1.2.3.4.5",
    "0x7f.0.0.1",
    "localhost",
    "::",
    "::1",
    "1::",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
    "1:2:3:4:5:6:7::8",
    "::1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7",
    ":::",
    ":1",
    "1:",
    "1::2::3",
    "::ffff:1.2.3.4",
    "::ffff:1.2.3.4/96",
    "::ffff:1.2.3.4/95",
    "::ffff:1.2.3.4/129",
    "::1.2.3.4",
    "1.2.3.4::",
    "12345::",
    "0001::",
    "g::",
    "[::1]",
    "fe80::1%lo",
    "::/128",
    "::/129",
    Array(64).fill("::1").join(","),
    Array(65).fill("::1").join(","),
  ],
  UNSOCK_PORT: [
    "1",
    "65535",
    "0",
    "65536",
    "080",
    "80-80",
    "80-90,100",
    "90-80",
    "80-",
    "-80",
    "80-90-100",
    "0-80",
    "80-65536",
    "80,",
    "80 ",
    "+80",
    "http",
    "99999999999999999999",
    Array(64).fill("1").join(","),
    Array(65).fill("1").join(","),
  ],
  UNSOCK_MODE: ["0", "777", "0777", "1000", "07777", "888", "rwx", "-7", "7 ", "0o7", "00000000000000000000000007"],
  UNSOCK_BLOCK_INET: ["0", "1", "2", "01", "yes", " 1", "1\n"],
  UNSOCK_BLOCK_INET6: ["0", "1", "2", "01", "yes", " 1"],
  UNSOCK_ACCEPT_CONVERT_ALL: ["0", "1", "2", "01", "yes", " 1"],
  UNSOCK_ACCEPT_CONVERT_VSOCK: ["0", "1", "2", "01", "yes", " 1"],
  UNSOCK_FALLBACK: ["0", "1", "2", "01", "yes", " 1"],
  UNSOCK_ONE_ADDRESS: ["0", "1", "2", "01", "yes", " 1"],
  UNSOCK_CONNECT_TIMEOUT_MS: ["1", "3600000", "0", "3600001", "-1", "5s", "1e3", "0001", "99999999999999999999"],
  UNSOCK_ENGINE: ["auto", "trap", "preload", "none", "AUTO", "auto ", "1"],
  UNSOCK_STRICT: ["0", "1", "2", "01", "yes", " 1"],
  UNSOCK_PATCH: ["0", "1", "2", "01", "yes", " 1"],
  UNSOCK_TRUST: ["0", "1", "2", "01", "yes", " 1"],
  UNSOCK_OFF: ["0", "1", "2", "01", "yes", " 1"],
  UNSOCK_LOG: ["stderr", "@/log", "stdout", "x", "./x", "STDERR", "@/l#255", "@/l#256"],
};

function acceptedByLibrary(shim: Shim, variables: Record<string, string>): boolean {
  const block = new TextEncoder().encode(
    Object.entries(variables).map(([name, value]) => `${name}=${value}\0`).join(""),
  );
  const message = new Uint8Array(1024);
  return shim.unsock_configure(block, BigInt(block.length), message, BigInt(message.length)) === 0;
}

function acceptedHere(variables: Record<string, string>): boolean {
  try {
    parseSettings((name) => variables[name]);
    return true;
  } catch (error) {
    if (error instanceof SettingError) return false;
    throw error;
  }
}

/** `@` in front is a directory that this user may write to, `#N` at the end makes it N bytes long. */
function spelledOut(text: string, directory: string): string {
  const [word = "", length] = text.replace(/^( ?)@/, `$1${directory}`).split(/#(?=\d+$)/);
  return length === undefined ? word : word.padEnd(Number(length), "l");
}

Deno.test("the table of settings has the library's own, each with values here", () => {
  const names = namesInLibrary("unsock_setting_name").toSorted();
  assertEquals(SETTING_LIST.map(({ variable }) => variable).toSorted(), names);
  assertEquals(Object.keys(VALUES).toSorted(), names);
});

Deno.test("parseSettings() and unsock_configure() accept the same values", () => {
  const shim = openShim(shimLibrary());
  const directory = Deno.makeTempDirSync({ dir: "/tmp", prefix: "u" });
  const different: string[] = [];
  try {
    for (const [name, values] of Object.entries(VALUES)) {
      for (const text of values) {
        const value = spelledOut(text, directory);
        const variables = { UNSOCK_DIR: directory, [name]: value };
        const [ours, theirs] = [acceptedHere(variables), acceptedByLibrary(shim, variables)];
        if (ours !== theirs) {
          different.push(`${name}=${value}: ${theirs ? "the library takes it" : "only parseSettings() takes it"}`);
        }
      }
    }
  } finally {
    acceptedByLibrary(shim, { UNSOCK_DIR: directory });
    Deno.removeSync(directory, { recursive: true });
  }
  assertEquals(different, []);
});
