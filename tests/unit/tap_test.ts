/** The parts of `unsock tap` that are pure: strace's lines, packets, pcapng and text (`lib/tap`). */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { LineJoiner } from "../../lib/tap/line_joiner.ts";
import { PcapWriter } from "../../lib/tap/pcapng.ts";
import { showPacket } from "../../lib/tap/show.ts";
import { readCall } from "../../lib/tap/strace_line.ts";
import { type Packet, readFileName, Traffic } from "../../lib/tap/traffic.ts";
import { formatEndpoint } from "../../lib/sockets/client_names.ts";

const DIRECTORY = "/run/u";
const CLIENT = "unsock 7f000001:9c40 7f000002:1f40Xf1caaa000000e00f";

/** A text as strace -xx writes it. */
function hex(text: string): string {
  return Array.from(
    new TextEncoder().encode(text),
    (byte) => `\\x${byte.toString(16).padStart(2, "0")}`,
  ).join("");
}

const LISTENER = `3<UNIX-STREAM:[7,"${hex(`${DIRECTORY}/.8000@0.0.0.0`)}"]>`;
const ACCEPTED = `4<UNIX-STREAM:[8->9,"${hex(`${DIRECTORY}/.8000@0.0.0.0`)}"]>`;
const UDP = `5<UNIX:[6,"${hex(`${DIRECTORY}/.53u@0.0.0.0`)}"]>`;
const FROM = `{sa_family=AF_UNIX, sun_path="${hex(`${DIRECTORY}/.4000u@0.0.0.0,127.0.0.3`)}"}`;

/** Returns the packets of strace's lines, each as one text. */
function packetsOf(lines: readonly string[], kind: "stream" | "datagram" = "stream", address?: string): string[] {
  const found: Packet[] = [];
  const port = { number: kind === "stream" ? 8000 : 53, kind, address };
  const isDirectory = (path: string) => path === DIRECTORY;
  const surroundings = { port, isDirectory, nameOf: () => `@${CLIENT}`, processOf: (thread: number) => thread };
  const traffic = new Traffic(surroundings, (packet) => found.push(packet));
  const joiner = new LineJoiner((line) => {
    const call = readCall(line);
    if (call !== undefined) traffic.take(call);
  });
  for (const line of lines) joiner.take(line);
  joiner.end();
  return found.map(({ what, from, to, data, size }) =>
    `${formatEndpoint(from)} ${formatEndpoint(to)} ${what} ${size} ${new TextDecoder().decode(data)}`.trim()
  );
}

const ACCEPT = `1 10.000001 accept4(${LISTENER}, {sa_family=AF_UNIX, sun_path=@"${
  hex(CLIENT)
}"}, [128 => 54], 0) = ${ACCEPTED}`;
const [THERE, BACK] = ["127.0.0.1:40000 127.0.0.2:8000", "127.0.0.2:8000 127.0.0.1:40000"];

Deno.test("tap reads a connection from strace's lines: both ends, bytes in either direction, its end", () => {
  const iov = (text: string) => `{iov_base="${hex(text)}", iov_len=100}`;
  const packets = packetsOf([
    ACCEPT,
    `1 10.000002 recvfrom(${ACCEPTED}, "${hex('a"\n)= 5')}", 8192, MSG_PEEK, NULL, NULL) = 7`,
    `1 10.000002 recvfrom(${ACCEPTED}, "${hex('a"\n)= 5')}", 8192, 0, NULL, NULL) = 7`,
    `1 10.000003 writev(${ACCEPTED}, [${iov("one")}, ${iov("two")}], 2) = 5`,
    `1 10.000004 sendfile(${ACCEPTED}, 9<\\x2f\\x61>, [0] => [1000], 1000) = 1000`,
    `1 10.000005 write(1<\\x2f\\x61>, "${hex("log")}", 3) = 3`,
    `1 10.000006 read(${ACCEPTED}, "${hex("long")}"..., 9000) = 9000`,
    `1 10.000007 sendto(${ACCEPTED}, "${hex("no")}", 2, 0, NULL, 0) = -1 EPIPE (Broken pipe)`,
    `1 10.000008 read(${ACCEPTED}, "", 9000) = 0`,
    `1 10.000009 shutdown(${ACCEPTED}, SHUT_RD) = 0`,
    `1 10.000009 shutdown(${ACCEPTED}, SHUT_WR) = 0`,
    `1 10.000010 close(${ACCEPTED}) = 0`,
  ]);
  assertEquals(packets, [
    `${THERE} open 0`,
    `${THERE} data 7 a"\n)= 5`,
    `${BACK} data 5 onetw`,
    `${BACK} data 1000`,
    `${THERE} data 9000 long`,
    `${THERE} end 0`,
    `${BACK} end 0`,
  ]);
  assertEquals(packetsOf([ACCEPT], "stream", "127.0.0.2").length, 1);
  assertEquals(packetsOf([ACCEPT], "stream", "127.0.0.9"), []);
});

Deno.test("tap joins lines that strace has cut, leaves out trapped calls, and a fork's close ends nothing", () => {
  const packets = packetsOf([
    ACCEPT,
    `2 10.000002 read(${ACCEPTED},  <unfinished ...>`,
    `1 10.000003 close(${ACCEPTED}) = 0`,
    `2 10.000004 <... read resumed>"${hex("hello")}", 100) = 5`,
    `2 10.000005 sendto(${ACCEPTED}, "${hex("x".repeat(44))}", 50, 0, NULL, 0) = 44`,
    "2 10.000006 --- SIGSYS {si_signo=SIGSYS, si_code=SYS_SECCOMP, si_syscall=__NR_sendto} ---",
    `2 10.000007 sendto(${ACCEPTED}, "${hex("y".repeat(44))}", 44, 0, NULL, 0) = 44`,
    `3 10.000008 <... read resumed>"${hex("of before")}", 100) = 9`,
    "nonsense",
    `2 10.000009 close(${ACCEPTED}) = 0`,
  ]);
  assertEquals(
    packets,
    [
      `${THERE} open 0`,
      `${THERE} data 5 hello`,
      `${BACK} data 44 ${"y".repeat(44)}`,
      `${BACK} end 0`,
    ],
  );
});

Deno.test("tap reads datagrams: the sender by its file's name, several of a call, and the address that it asks", () => {
  const message = (text: string) =>
    `{msg_hdr={msg_name=${FROM}, msg_namelen=128 => 44, msg_iov=[{iov_base="${
      hex(text)
    }", iov_len=99}], msg_iovlen=1, ` +
    `msg_controllen=0, msg_flags=0}, msg_len=${text.length}}`;
  const packets = packetsOf([
    `1 10.000001 recvfrom(${UDP}, "${hex("ask")}", 2000, 0, ${FROM}, [128 => 44]) = 3`,
    `1 10.000002 sendto(${UDP}, "${hex("say")}", 3, 0, ${FROM}, 44) = 3`,
    `1 10.000003 recvmmsg(${UDP}, [${message("one")}, ${message("three")}], 2, 0, NULL) = 2 (left {tv_sec=0})`,
  ], "datagram");
  const [there, back] = ["127.0.0.1:4000 127.0.0.3:53", "127.0.0.3:53 127.0.0.1:4000"];
  assertEquals(packets, [`${there} data 3 ask`, `${back} data 3 say`, `${there} data 3 one`, `${there} data 5 three`]);
});

Deno.test("readFileName() reads the names of the library's files", () => {
  const read = (name: string) => {
    const found = readFileName(`/d/${name}`);
    return found && formatEndpoint(found.own);
  };
  assertEquals(["53.dgram.sock", ".53u@127.0.0.5+1", ".53u@--1", ".53u@any", ".80@2001-db8--1", "x"].map(read), [
    "127.0.0.1:53",
    "127.0.0.5:53",
    "[::1]:53",
    "[::1]:53",
    "[2001:db8::1]:80",
    undefined,
  ]);
});

const ENDS = {
  from: { ip: Uint8Array.of(127, 0, 0, 1), port: 4000 },
  to: { ip: Uint8Array.of(127, 0, 0, 1), port: 80 },
};

Deno.test("tap shows text as lines, other bytes as hexadecimal, and escapes what would control a terminal", () => {
  const show = (data: Uint8Array, size = data.length) =>
    showPacket({ ...ENDS, time: 1_000_000, kind: "stream", what: "data", data, size }).split("\n").slice(1, -1);
  const bytes = (text: string) => new TextEncoder().encode(text);
  assertEquals(show(bytes("GET /\r\n\r\n")), ["  GET /", "  "]);
  assertEquals(show(bytes("\x1b[2Jé\u202e")), ["  \\x1b[2Jé\\u202e"]);
  assertEquals(show(Uint8Array.of(0, 1, 65, 255)), [`  ${"00 01 41 ff".padEnd(48)} ..A.`]);
  assertEquals(show(bytes("cut"), 10), ["  cut", "  (7 bytes more)"]);
  assertStrictEquals(show(bytes("é".repeat(5000))).at(-1), "  (5904 bytes more)");
  assertEquals(show(new Uint8Array(4096)).length, 33);
  assertMatch(
    showPacket({ ...ENDS, time: 1_000_000, kind: "stream", what: "open", data: bytes(""), size: 0 }),
    /^\d\d:\d\d:01\.000000 127\.0\.0\.1:4000 > 127\.0\.0\.1:80 connects\n$/,
  );
});

/** The types and lengths of a file's blocks. */
function blocksOf(bytes: Uint8Array): [number, number][] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const blocks: [number, number][] = [];
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint32(at + 4, true);
    assertStrictEquals(view.getUint32(at + length - 4, true), length);
    blocks.push([view.getUint32(at, true), length]);
    at += length;
  }
  return blocks;
}

Deno.test("tap writes blocks of pcapng: the beginning, a connection's three, and a message in segments", () => {
  const writer = new PcapWriter();
  const packet = (what: Packet["what"], size: number, data = new Uint8Array(size)): Packet => ({
    ...ENDS,
    time: 5_000_000_000_000_001,
    kind: "stream",
    what,
    data,
    size,
  });
  assertEquals(blocksOf(writer.start()).map(([type]) => type), [0x0a0d0d0a, 1]);
  assertEquals(blocksOf(writer.packet(packet("open", 0))), [[6, 72], [6, 72], [6, 72]]);
  const blocks = blocksOf(writer.packet(packet("data", 130_001)));
  assertEquals(blocks.map(([, length]) => length), [65_072, 65_072, 76]);
  const unknown = writer.packet(packet("data", 1000, new Uint8Array(10)));
  const view = new DataView(unknown.buffer);
  assertEquals([view.getUint32(20, true), view.getUint32(24, true)], [50, 1040]);
  assert(view.getUint32(12, true) * 2 ** 32 + view.getUint32(16, true) === 5_000_000_000_000_001);
});
