/** The 452 bytes of a control file: `lib/control/control_file.ts`. */
import { assertEquals, assertThrows } from "@std/assert";
import {
  CONTROL_FILE_SIZE,
  type ControlFile,
  ControlFileError,
  decodeControlFile,
  encodeControlFile,
} from "../../lib/control/control_file.ts";
import { type Address, Family, unixAddress } from "../../lib/control/socket_address.ts";

const plain = (dest: Address): ControlFile => ({ proxy: undefined, dest, socketOptions: [] });
const VSOCK: Address = { family: Family.Vsock, port: 5678, cid: 0xffffffff, flags: 0 };

/** The bytes at some offsets; all others are zero. */
function layout(parts: Record<number, number[]>): Uint8Array {
  const bytes = new Uint8Array(CONTROL_FILE_SIZE);
  for (const [offset, values] of Object.entries(parts)) bytes.set(values, Number(offset));
  return bytes;
}

const MAGIC = [0x55, 0x4e, 0x53, 0x4b];
const ascii = (text: string) => Array.from(text, (letter) => letter.charCodeAt(0));

Deno.test("encodeControlFile() writes a vsock file as unsock 1.1 does", () => {
  const expected = layout({ 0: MAGIC, 20: [16], 160: [40, 0, 0, 0, 0x2e, 0x16, 0, 0, 0xff, 0xff, 0xff, 0xff] });
  assertEquals(encodeControlFile(plain(VSOCK)), expected);
});

Deno.test("encodeControlFile() writes a Firecracker file as unsock 1.1 does", () => {
  const path = "/path/to/firecracker/vsock";
  const expected = layout({
    0: MAGIC,
    8: [1],
    16: [110],
    20: [16],
    32: [1, 0, ...ascii(path)],
    160: [40, 0, 0, 0, 0x2e, 0x16, 0, 0, 0xff, 0xff, 0xff, 0xff],
  });
  assertEquals(encodeControlFile({ proxy: unixAddress(path), dest: VSOCK, socketOptions: [] }), expected);
});

Deno.test("encodeControlFile() writes a TIPC file as unsock 1.1 does", () => {
  const expected = layout({ 0: MAGIC, 20: [16], 160: [30, 0, 2, 2, 128, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0] });
  const dest: Address = { family: Family.Tipc, addressType: 2, scope: 2, words: [128, 99, 0] };
  assertEquals(encodeControlFile(plain(dest)), expected);
});

Deno.test("encodeControlFile() writes ports and addresses in network order, scopes in the host's", () => {
  const ip = Uint8Array.from([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  const dest: Address = { family: Family.Inet6, ip, port: 443, scopeId: 2, flowInfo: 0 };
  const expected = layout({ 0: MAGIC, 20: [28], 160: [10, 0, 1, 187, 0, 0, 0, 0, ...ip, 2, 0, 0, 0] });
  assertEquals(encodeControlFile(plain(dest)), expected);
});

Deno.test("decodeControlFile() reads back what encodeControlFile() wrote", () => {
  const value = new Uint8Array(32).fill(7);
  const files: ControlFile[] = [
    plain(VSOCK),
    plain(unixAddress("/run/x.sock")),
    plain(unixAddress(`/${"p".repeat(107)}`)),
    plain({ ...unixAddress("name"), abstract: true }),
    plain({ family: Family.Inet, ip: Uint8Array.of(192, 0, 2, 1), port: 80, scopeId: 0, flowInfo: 0 }),
    plain({ family: Family.Inet6, ip: new Uint8Array(16), port: 80, scopeId: 3, flowInfo: 9 }),
    plain({ family: Family.Tipc, addressType: 1, scope: 3, words: [1, 2, 0xffffffff] }),
    { proxy: unixAddress("/v.sock"), dest: VSOCK, socketOptions: [{ level: 1, name: 8, value }] },
  ];
  for (const file of files) assertEquals(decodeControlFile(encodeControlFile(file)), file);
});

/** Changes one thing about a valid file. */
const MUTATIONS: Record<string, [ControlFile, (bytes: Uint8Array, view: DataView) => void]> = {
  "wrong magic": [plain(VSOCK), (bytes) => bytes[0] = 0],
  "magic's upper half": [plain(VSOCK), (bytes) => bytes[7] = 1],
  "unknown option": [plain(VSOCK), (bytes) => bytes[8] = 2],
  "unknown option, high": [plain(VSOCK), (bytes) => bytes[15] = 0x80],
  "proxyLen 129 without a proxy": [plain(VSOCK), (_, view) => view.setUint32(16, 129, true)],
  "destLen 4096": [plain(VSOCK), (_, view) => view.setUint32(20, 4096, true)],
  "destLen 0": [plain(VSOCK), (_, view) => view.setUint32(20, 0, true)],
  "destLen 15": [plain(VSOCK), (_, view) => view.setUint32(20, 15, true)],
  "destLen 17": [plain(VSOCK), (_, view) => view.setUint32(20, 17, true)],
  "unknown family": [plain(VSOCK), (bytes) => bytes[160] = 16],
  "family's upper half": [plain(VSOCK), (bytes) => bytes[161] = 1],
  "empty path": [plain(unixAddress("/x")), (_, view) => view.setUint32(20, 2, true)],
  "unnamed": [plain(unixAddress("/x")), (bytes, view) => (bytes[162] = 0, view.setUint32(20, 3, true))],
  "path too long": [plain(unixAddress("/x")), (_, view) => view.setUint32(20, 111, true)],
  "proxy without an address": [plain(VSOCK), (bytes) => bytes[8] = 1],
  "proxyLen 2": [{ ...plain(VSOCK), proxy: unixAddress("/x") }, (_, view) => view.setUint32(16, 2, true)],
  "proxyLen 111": [{ ...plain(VSOCK), proxy: unixAddress("/x") }, (_, view) => view.setUint32(16, 111, true)],
  "abstract proxy": [{ ...plain(VSOCK), proxy: unixAddress("/x") }, (bytes) => bytes[34] = 0],
  "proxy to a Unix socket": [plain(unixAddress("/x")), (bytes, view) => {
    bytes.set([1, 0, 0x2f, 0x79], 32);
    bytes[8] = 1;
    view.setUint32(16, 110, true);
  }],
};

for (const [name, [file, mutate]] of Object.entries(MUTATIONS)) {
  Deno.test(`decodeControlFile() refuses: ${name}`, () => {
    const bytes = encodeControlFile(file);
    mutate(bytes, new DataView(bytes.buffer));
    assertThrows(() => decodeControlFile(bytes), ControlFileError);
  });
}

Deno.test("decodeControlFile() refuses any other length", () => {
  const bytes = encodeControlFile(plain(VSOCK));
  for (const length of [0, 1, 8, 451]) {
    assertThrows(() => decodeControlFile(bytes.subarray(0, length)), ControlFileError);
  }
  assertThrows(() => decodeControlFile(Uint8Array.of(...bytes, 0)), ControlFileError);
});

Deno.test("decodeControlFile() ignores reserved fields, the count, empty slots and an unused proxy", () => {
  const bytes = encodeControlFile(plain(VSOCK));
  bytes.fill(0xaa, 24, 160); // optionsCount, reserved, proxy
  bytes.fill(0xaa, 448);
  bytes[16] = 128;
  bytes[288] = 1; // a level without a number
  assertEquals(decodeControlFile(bytes), plain(VSOCK));
});
