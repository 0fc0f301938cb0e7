/** The 452 bytes of a control file: what is written, and what is said of bytes from outside. */
import { assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { type ControlFile, ControlFileError, decodeControlFile, encodeControlFile } from "../../lib/control/format.ts";
import { controlFacts } from "../../lib/control/words.ts";
import {
  CONTROL_SIZE,
  controlFile,
  firecrackerFile,
  sockaddrInet,
  sockaddrInet6Loopback,
  sockaddrTipc,
  sockaddrUnix,
  sockaddrVsock,
  type Sockopt,
} from "../support/control.ts";
import { withDir } from "../support/dir.ts";
import { GOLDEN_CONTROL_FILES } from "../support/golden_control_files.ts";
import { run } from "../support/process.ts";
import { libraryFile } from "../support/library.ts";
import { readWords } from "./control_options.ts";

/** The bytes at some offsets; all others are zero. */
function layout(parts: Record<number, number[]>): Uint8Array {
  const bytes = new Uint8Array(CONTROL_SIZE);
  for (const [offset, values] of Object.entries(parts)) bytes.set(values, Number(offset));
  return bytes;
}

const MAGIC = [0x55, 0x4e, 0x53, 0x4b];
const VSOCK_5678 = [40, 0, 0, 0, 0x2e, 0x16, 0, 0, 0xff, 0xff, 0xff, 0xff];
const ascii = (text: string) => Array.from(text, (letter) => letter.charCodeAt(0));

Deno.test("make-control writes the bytes that it has always written", () => {
  for (const { options, bytes, target } of GOLDEN_CONTROL_FILES) {
    const made = encodeControlFile(readWords(options));
    assertEquals(made, bytes, options.join(" "));
    assertStrictEquals(controlFacts(decodeControlFile(made)).target, target);
  }
});

const VSOCK_TARGET = { kind: "vsock", port: 5678, cid: 0xffffffff, flags: 0 } as const;

Deno.test("encodeControlFile() refuses what does not fit", () => {
  const option = { level: 1, name: 8, value: Uint8Array.of(1) };
  const four = [option, option, option, option];
  const refused = (file: Partial<ControlFile>) =>
    assertThrows(() => encodeControlFile({ target: VSOCK_TARGET, socketOptions: [], ...file }), RangeError);
  refused({ socketOptions: [...four, option] });
  refused({ socketOptions: four, halfClose: "hold" });
  for (const [length, abstract] of [[109, false], [108, true]] as const) {
    refused({ target: { kind: "unix", abstract, name: new Uint8Array(length).fill(65) } });
  }
});

Deno.test("the library as a program writes the half-close setting of UNSOCK_HALF_CLOSE", () =>
  withDir(async (dir) => {
    const make = (name: string, how: string) =>
      run([libraryFile()], {
        env: { UNSOCK_FILE: `${dir}/${name}`, UNSOCK_VSOCK_PORT: "5678", UNSOCK_HALF_CLOSE: how },
      });
    assertStrictEquals((await make("hold", "hold")).code, 0);
    const slot = [0, 0, 0, 0, ...ascii("half"), 1];
    assertEquals(Deno.readFileSync(`${dir}/hold`), layout({ 0: MAGIC, 20: [16], 160: VSOCK_5678, 408: slot }));
    const { code, stderr } = await make("bad", "keep");
    assertEquals([code, stderr], [1, 'unsock: UNSOCK_HALF_CLOSE: neither hold nor pass: "keep"\n']);
    assertEquals([...Deno.readDirSync(dir)].map(({ name }) => name), ["hold"]);
  }));

Deno.test("the library as a program makes by variables what make-control makes by options, and names them", () =>
  withDir(async (dir) => {
    const make = (env: Record<string, string>) => run([libraryFile()], { env: { UNSOCK_FILE: `${dir}/made`, ...env } });
    const same: [Record<string, string>, string][] = [
      [{ UNSOCK_VSOCK_PORT: "5678" }, "--vsock-port 5678"],
      [{ UNSOCK_VSOCK_PORT: "5678", UNSOCK_VSOCK_CID: "-1" }, "--vsock-port 5678 --vsock-cid any"],
      [
        { UNSOCK_VSOCK_PORT: "5678", UNSOCK_FC_SOCK: "/run/v", UNSOCK_VSOCK_CID: "-1" },
        "--vsock-port 5678 --fc-sock /run/v",
      ],
      [{ UNSOCK_TIPC_TYPE: "128", UNSOCK_TIPC_LOWER: "99" }, "--tipc-type 128 --tipc-instance 99"],
      [
        { UNSOCK_TIPC_TYPE: "128", UNSOCK_TIPC_LOWER: "9", UNSOCK_TIPC_UPPER: "12", UNSOCK_TIPC_ADDRTYPE: "1" },
        "--tipc-type 128 --tipc-lower 9 --tipc-upper 12",
      ],
    ];
    for (const [env, options] of same) {
      assertEquals((await make(env)).code, 0, options);
      assertEquals(Deno.readFileSync(`${dir}/made`), encodeControlFile(readWords(options.split(" "))), options);
      Deno.removeSync(`${dir}/made`);
    }
    const refused: [Record<string, string>, string][] = [
      [{}, "UNSOCK_FILE: set UNSOCK_VSOCK_PORT, or UNSOCK_TIPC_TYPE and UNSOCK_TIPC_LOWER, too"],
      [{ UNSOCK_TIPC_TYPE: "1" }, "UNSOCK_TIPC_LOWER is missing"],
      [{ UNSOCK_VSOCK_PORT: "x" }, 'UNSOCK_VSOCK_PORT: not a number between 1 and 4294967294: "x"'],
      [
        { UNSOCK_VSOCK_PORT: "1", UNSOCK_TIPC_TYPE: "1" },
        "UNSOCK_TIPC_TYPE and UNSOCK_VSOCK_PORT exclude each other",
      ],
    ];
    for (const number of ["0", "4", "-1"]) {
      refused.push([
        { UNSOCK_TIPC_TYPE: "1", UNSOCK_TIPC_LOWER: "1", UNSOCK_TIPC_ADDRTYPE: number },
        `UNSOCK_TIPC_ADDRTYPE: not a number between 1 and 3: "${number}"`,
      ]);
    }
    refused.push([
      { UNSOCK_TIPC_TYPE: "1", UNSOCK_TIPC_LOWER: "9", UNSOCK_TIPC_UPPER: "8", UNSOCK_TIPC_ADDRTYPE: "1" },
      'UNSOCK_TIPC_UPPER: below UNSOCK_TIPC_LOWER: "8"',
    ]);
    for (const [env, line] of refused) {
      const { code, stderr } = await make(env);
      assertEquals([code, stderr], [1, `unsock: ${line}\n`]);
    }
  }));

const explain = (bytes: Uint8Array) => controlFacts(decodeControlFile(bytes));

Deno.test("decodeControlFile() returns every field, of every family", () => {
  const targets = [
    [controlFile({ dest: sockaddrVsock(3, 5678) }), "vsock port 5678, CID 3"],
    [controlFile({ dest: sockaddrTipc({ type: 128, lower: 99 }) }), "TIPC service 128, instance 99, scope cluster"],
    [controlFile({ dest: sockaddrUnix("/run/other.sock") }), "Unix socket /run/other.sock"],
    [controlFile({ dest: sockaddrUnix('/"\\\x1b\x7f\x9b') }), 'Unix socket /"\\\\x1b\\x7f\\x9b'],
    [controlFile({ dest: sockaddrUnix("/dev/null") }), "nobody: connections are refused"],
    [controlFile({ dest: sockaddrInet("192.0.2.1", 80) }), "192.0.2.1:80"],
    [controlFile({ dest: sockaddrInet6Loopback(80) }), "[::1]:80"],
    [firecrackerFile("/v.sock", 5), "port 5 of the guest behind Firecracker's Unix socket /v.sock"],
  ] as const;
  for (const [bytes, target] of targets) assertStrictEquals(explain(bytes).target, target);
  assertEquals<unknown>(
    explain(controlFile({ dest: sockaddrVsock(3, 5678), sockopts: [{ group: 1, key: 8, value: 9 }] })),
    {
      kind: "plain",
      proxy: null,
      destination: { family: "AF_VSOCK", port: 5678, cid: 3, flags: 0 },
      socketOptions: ["SO_RCVBUF=9"],
      target: "vsock port 5678, CID 3",
    },
  );
});

const VSOCK = controlFile({ dest: sockaddrVsock(1, 5678) });
const UNIX = controlFile({ dest: sockaddrUnix("/x") });
const FIRECRACKER = firecrackerFile("/x", 5678);

/** Changes one thing about a valid file, and what is said then. */
const MUTATIONS: Record<string, [Uint8Array, RegExp, (bytes: Uint8Array, view: DataView) => void]> = {
  "wrong magic": [VSOCK, /^wrong magic number$/, (bytes) => bytes[0] = 0],
  "magic's upper half": [VSOCK, /^wrong magic/, (bytes) => bytes[7] = 1],
  "unknown option": [VSOCK, /^unknown options 0x2$/, (bytes) => bytes[8] = 2],
  "unknown option, high": [VSOCK, /^unknown options 0x8000000000000000$/, (bytes) => bytes[15] = 0x80],
  "proxyLen 129 without a proxy": [VSOCK, /^proxyLen 129 is beyond 128$/, (_, view) => view.setUint32(16, 129, true)],
  "destLen 4096": [VSOCK, /^destLen 4096 is beyond 128$/, (_, view) => view.setUint32(20, 4096, true)],
  "destLen 0": [VSOCK, /^dest: a length of 0 has no room for a family$/, (_, view) => view.setUint32(20, 0, true)],
  "destLen 15": [VSOCK, /^dest: a length of 15 does not fit family 40$/, (_, view) => view.setUint32(20, 15, true)],
  "destLen 17": [VSOCK, /^dest: a length of 17 does not fit/, (_, view) => view.setUint32(20, 17, true)],
  "unknown family": [VSOCK, /^dest: unknown address family 16$/, (bytes) => bytes[160] = 16],
  "family's upper half": [VSOCK, /^dest: unknown address family 296$/, (bytes) => bytes[161] = 1],
  "empty path": [UNIX, /^dest: a length of 2 does not fit family 1$/, (_, view) => view.setUint32(20, 2, true)],
  "unnamed": [UNIX, /^dest: an empty path$/, (bytes, view) => (bytes[162] = 0, view.setUint32(20, 3, true))],
  "path too long": [UNIX, /^dest: a length of 111 does not fit/, (_, view) => view.setUint32(20, 111, true)],
  "proxy without an address": [VSOCK, /^proxy: a length of 0 has no room/, (bytes) => bytes[8] = 1],
  "proxyLen 2": [FIRECRACKER, /^proxy: a length of 2 does not fit/, (_, view) => view.setUint32(16, 2, true)],
  "proxyLen 111": [FIRECRACKER, /^proxy: a length of 111 does not/, (_, view) => view.setUint32(16, 111, true)],
  "abstract proxy": [FIRECRACKER, /^proxy is not the path of a Unix socket$/, (bytes) => bytes[34] = 0],
  "proxy to a Unix socket": [UNIX, /^dest is not a vsock address, which a proxy needs$/, (bytes, view) => {
    bytes.set([1, 0, 0x2f, 0x79], 32);
    bytes[8] = 1;
    view.setUint32(16, 110, true);
  }],
};

Deno.test("decodeControlFile() reads the half-close setting from any empty slot", () => {
  const told = { group: 0, key: 0x666c6168, value: 2 };
  const option = { group: 1, key: 8, value: 9 };
  const of = (...sockopts: Sockopt[]) => {
    const { halfClose, socketOptions } = explain(controlFile({ dest: sockaddrVsock(3, 5678), sockopts }));
    return [halfClose, ...socketOptions];
  };
  assertEquals(of(), [undefined]);
  assertEquals(of(told), ["pass"]);
  assertEquals(of(option, { ...told, value: 1 }), ["hold", "SO_RCVBUF=9"]);
  assertEquals(of({ ...told, value: 99 }), ["hold"]);
  assertEquals(of({ ...told, group: 1, value: new Uint8Array(4) }), [undefined, "1:1718378856=0"]);
});

Deno.test("decodeControlFile() refuses what the library does, with the reason", () => {
  for (const [name, [file, says, mutate]] of Object.entries(MUTATIONS)) {
    const bytes = file.slice();
    mutate(bytes, new DataView(bytes.buffer));
    assertMatch(assertThrows(() => explain(bytes), ControlFileError, undefined, name).message, says);
  }
  for (const length of [0, 1, 8, 451]) {
    const error = assertThrows(() => explain(VSOCK.subarray(0, length)), ControlFileError);
    assertStrictEquals(error.message, `${length} bytes long, not 452`);
  }
  assertThrows(() => explain(Uint8Array.of(...VSOCK, 0)), ControlFileError, "453 bytes long");
});

Deno.test("decodeControlFile() ignores reserved fields, the count, empty slots and an unused proxy", () => {
  const bytes = VSOCK.slice();
  bytes.fill(0xaa, 24, 160); // optionsCount, reserved, proxy
  bytes.fill(0xaa, 448);
  bytes[16] = 128;
  bytes[288] = 1; // a level without a number
  assertEquals(explain(bytes), explain(VSOCK));
});
