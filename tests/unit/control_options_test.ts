/** The options of `make-control`: every form, and what is refused. */
import { assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { decodeControlFile, encodeControlFile } from "../../lib/control/format.ts";
import { CONTROL_OPTIONS } from "../../lib/control/option_table.ts";
import { formatSocketOption } from "../../lib/control/socket_options.ts";
import { describeTarget } from "../../lib/control/words.ts";
import { UsageError } from "../../lib/system/errors.ts";
import { readWords, WORKING } from "./control_options.ts";

/** As a shell parts them. */
const split = (options: string) => options === "" ? [] : options.split(" ");

/** Forms of each kind, and where the file that they make leads. */
const FORMS: readonly (readonly [options: string, target: string])[] = [
  ["--vsock-port 5678", "vsock port 5678, CID any"],
  ["--vsock-port 5678 --vsock-cid host", "vsock port 5678, CID 2 (host)"],
  ["--vsock-port 5678 --vsock-cid 17", "vsock port 5678, CID 17"],
  ["--tipc-type 128 --tipc-instance 99", "TIPC service 128, instance 99, scope cluster"],
  ["--tipc-type 128 --tipc-lower 1 --tipc-upper 9 --tipc-scope node", "TIPC service range 128:1-9, scope node"],
  [
    "--tipc-type 128 --tipc-lower 99 --tipc-upper 0 --tipc-addrtype service",
    "TIPC service 128, instance 99, scope cluster",
  ],
  ["--tipc-type 128 --tipc-instance 7 --tipc-addrtype range", "TIPC service range 128:7-7, scope cluster"],
  ["--unix /run/a", "Unix socket /run/a"],
  ["--unix ./x/../a", "Unix socket DIR/a"],
  ["--unix @a", "Unix socket @a"],
  ["--inet 192.0.2.1:80", "192.0.2.1:80"],
  ["--inet [fe80::1%2]:80", "[fe80::1%2]:80"],
  ["--inet [2001:db8:0:0::1]:80", "[2001:db8::1]:80"],
  ["--refuse", "nobody: connections are refused"],
  ["--fc-listen v.sock --vsock-port 52", "Unix socket DIR/v.sock_52"],
  ["--fc-sock /v --vsock-port 1", "port 1 of the guest behind Firecracker's Unix socket /v"],
  ["--fc-sock link --vsock-port 1", "port 1 of the guest behind Firecracker's Unix socket /elsewhere/real"],
];

Deno.test("make-control understands every form", () => {
  for (const [options, target] of FORMS) {
    assertStrictEquals(describeTarget(readWords(split(options))), target.replace("DIR", WORKING), options);
  }
});

const WRONG: readonly (readonly [options: string, says: RegExp])[] = [
  ["--vsock-cid any", /make-control: --vsock-port is missing/],
  ["--vsock-port 0", /--vsock-port: not a number between 1 and 4294967294: "0"/],
  ["--vsock-port 4294967295", /--vsock-port: not a number/],
  ["--vsock-port 1 --vsock-cid guest", /--vsock-cid: neither a number nor one of any, host, local: "guest"/],
  ["--vsock-port 1 --vsock-cid 4294967296", /--vsock-cid: neither/],
  ["--vsock-port 1 --unix /x", /--vsock-port and --unix exclude each other/],
  ["--unix /x --tipc-scope node", /--tipc-scope and --unix exclude each other/],
  ["--vsock-port 1 --fc-sock /x --fc-listen /x", /--fc-sock and --fc-listen exclude each other/],
  ["--vsock-port 1 --fc-sock /x --vsock-cid 3", /--fc-sock needs no --vsock-cid/],
  ["--vsock-port 1 --fc-sock missing", /--fc-sock: a relative path must exist: "missing"/],
  ["--fc-sock /x", /--vsock-port is missing/],
  [`--vsock-port 1 --fc-sock /${"x".repeat(108)}`, /--fc-sock: longer than 108 bytes/],
  ["--tipc-type 128", /give either --tipc-instance or/],
  ["--tipc-instance 1", /--tipc-type is missing/],
  ["--tipc-type 128 --tipc-instance 1 --tipc-lower 1", /give either/],
  ["--tipc-type 128 --tipc-lower 2 --tipc-upper 1", /--tipc-upper: below --tipc-lower: "1"/],
  ["--tipc-type 128 --tipc-lower 2", /--tipc-upper is missing/],
  ["--tipc-type 128 --tipc-instance 1 --tipc-scope world", /--tipc-scope: neither/],
  ["--tipc-type 128 --tipc-instance 1 --tipc-addrtype toString", /--tipc-addrtype: neither/],
  ["--tipc-type 128 --tipc-instance 1 --tipc-addrtype 9", /--tipc-addrtype: neither/],
  ["--tipc-type 128 --tipc-instance 1 --tipc-scope 4", /--tipc-scope: neither/],
  ["--unix @", /--unix: an empty name: "@"/],
  [`--unix @${"x".repeat(108)}`, /--unix: longer than 108 bytes/],
  ["--inet localhost:80", /--inet: not an IP address and port/],
  ["--inet ::1:80", /--inet: not/],
  ["--inet 1.2.3.4", /--inet: not/],
  ["--inet 1.2.3.4:0", /--inet: not/],
  ["--inet [1.2.3.4]:80", /--inet: not/],
  ["--inet [fe80::1%eth0]:80", /--inet: not/],
  [`--unix /x${" --sockopt SO_RCVBUF=1".repeat(5)}`, /--sockopt: more than 4/],
  ["--half-close pass", /make-control: no target/],
  ["", /make-control: no target/],
  [`--fc-listen /x --vsock-port 1${" --sockopt SO_RCVBUF=1".repeat(4)}`, /--fc-listen: takes the place of one of 4/],
  ["--unix /x --half-close keep", /--half-close: neither hold nor pass: "keep"/],
  [
    `--unix /x --half-close pass${" --sockopt SO_RCVBUF=1".repeat(4)}`,
    /--half-close: takes the place of one of 4 --sockopt/,
  ],
];

Deno.test("make-control refuses what is missing, too much or out of range, in one line", () => {
  for (const [options, says] of WRONG) {
    const { message } = assertThrows(() => readWords(split(options)), UsageError, undefined, options);
    assertMatch(message, says);
    assertMatch(message, /^[^\n]+$/);
  }
});

Deno.test("make-control needs absolute paths where the working directory was removed", () => {
  const removed = (options: string) => () => readWords(split(options), true);
  assertThrows(
    removed("--unix x"),
    UsageError,
    '--unix: the working directory was removed: write an absolute path: "x"',
  );
  for (const options of ["--unix /x", "--unix @x", "--fc-sock /x --vsock-port 1"]) removed(options)();
});

const SOCKET_OPTIONS: readonly (readonly [text: string, shown?: string])[] = [
  ["SO_RCVBUF=65536"],
  ["SO_RCVTIMEO=2.5"],
  ["SO_SNDTIMEO=0.000001"],
  ["SO_RCVTIMEO=10"],
  ["TIPC_IMPORTANCE=-3"],
  ["TIPC_GROUP_JOIN=18888:1:2:3"],
  ["1:8=5", "SO_RCVBUF=5"],
  ["40:9=5"],
  ["SO_MARK=4294967295", "SO_MARK=-1"],
];

Deno.test("make-control --sockopt reads names, numbers, seconds and groups, and show-control tells them", () => {
  const shown = (text: string) =>
    decodeControlFile(encodeControlFile(readWords(["--unix", "/x", "--sockopt", text]))).socketOptions
      .map(formatSocketOption);
  for (const [text, other] of SOCKET_OPTIONS) assertEquals(shown(text), [other ?? text]);
  for (const choice of CONTROL_OPTIONS.sockopt.choices) {
    const value = choice.startsWith("TIPC_GROUP_JOIN") ? "1:2:3:4" : "1";
    assertEquals(shown(`${choice}${value}`), [`${choice}${value}`]);
  }
});

const WRONG_SOCKET_OPTIONS = [
  "SO_RCVBUF",
  "SO_RCVBUF=",
  "SO_RCVBUF=1k",
  "SO_RCVBUF=-",
  "SO_NOSUCH=1",
  "0:1=1",
  "1:0=1",
  "1:2:3=1",
  "SO_RCVBUF=4294967296",
  "SO_RCVBUF=-2147483649",
  "SO_RCVTIMEO=-1",
  "SO_RCVTIMEO=1.",
  "SO_RCVTIMEO=1.0000001",
  "TIPC_GROUP_JOIN=1:2:3",
  "TIPC_GROUP_JOIN=1:2:3:4:5",
  "SO_VM_SOCKETS_BUFFER_SIZE=1",
  "toString=1",
];

Deno.test("make-control --sockopt refuses what does not fit into a control file", () => {
  for (const text of WRONG_SOCKET_OPTIONS) {
    assertThrows(() => readWords(["--unix", "/x", "--sockopt", text]), UsageError, "--sockopt: ");
  }
});
