/** `make-control`'s options and socket options as text. */
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { controlFileFrom } from "../../lib/control/control_options.ts";
import type { ControlOptions } from "../../lib/control/option_table.ts";
import { UsageError } from "../../lib/system/errors.ts";
import { describeTarget } from "../../lib/control/format_control.ts";
import { formatSocketOption, parseSocketOption } from "../../lib/control/socket_options.ts";

function nothingExists(file: string): string {
  throw new Deno.errors.NotFound(file);
}

const target = (options: ControlOptions, realPath = nothingExists) =>
  describeTarget(controlFileFrom(options, "/work", realPath));

Deno.test("controlFileFrom() understands every form", () => {
  assertStrictEquals(target({ vsockPort: "5678" }), "vsock port 5678, CID any");
  assertStrictEquals(target({ vsockPort: "5678", vsockCid: "host" }), "vsock port 5678, CID 2 (host)");
  assertStrictEquals(target({ vsockPort: "5678", vsockCid: "17" }), "vsock port 5678, CID 17");
  assertStrictEquals(target({ tipcType: "128", tipcInstance: "99" }), "TIPC service 128, instance 99, scope cluster");
  assertStrictEquals(
    target({ tipcType: "128", tipcLower: "1", tipcUpper: "9", tipcScope: "node" }),
    "TIPC service range 128:1-9, scope node",
  );
  assertStrictEquals(
    target({ tipcType: "128", tipcLower: "99", tipcUpper: "0", tipcAddrtype: "service" }),
    "TIPC service 128, instance 99, scope cluster",
  );
  assertStrictEquals(target({ unix: "/run/a" }), "Unix socket /run/a");
  assertStrictEquals(target({ unix: "a" }), "Unix socket /work/a");
  assertStrictEquals(target({ unix: "@a" }), "Unix socket @a");
  assertStrictEquals(target({ inet: "192.0.2.1:80" }), "192.0.2.1:80");
  assertStrictEquals(target({ inet: "[fe80::1%2]:80" }), "[fe80::1%2]:80");
  assertStrictEquals(target({ fcListen: "v.sock", vsockPort: "52" }), "Unix socket /work/v.sock_52");
});

Deno.test("controlFileFrom() resolves Firecracker's socket where it exists, and wants a relative one to", () => {
  const guest = (path: string) => `port 1 of the guest behind Firecracker's Unix socket ${path}`;
  assertStrictEquals(target({ fcSock: "v", vsockPort: "1" }, (file) => `/real${file}`), guest("/real/work/v"));
  assertStrictEquals(target({ fcSock: "/v", vsockPort: "1" }), guest("/v"));
  assertThrows(() => target({ fcSock: "v", vsockPort: "1" }), UsageError);
});

Deno.test("controlFileFrom() refuses what is missing, too much or out of range", () => {
  const wrong: ControlOptions[] = [
    {},
    { vsockCid: "any" },
    { vsockPort: "0" },
    { vsockPort: "4294967295" },
    { vsockPort: "1", vsockCid: "guest" },
    { vsockPort: "1", vsockCid: "4294967296" },
    { vsockPort: "1", unix: "/x" },
    { vsockPort: "1", fcSock: "/x", fcListen: "/x" },
    { vsockPort: "1", fcSock: "/x", vsockCid: "3" },
    { fcSock: "/x" },
    { fcSock: `/${"x".repeat(108)}`, vsockPort: "1" },
    { tipcType: "128" },
    { tipcInstance: "1" },
    { tipcType: "128", tipcInstance: "1", tipcLower: "1" },
    { tipcType: "128", tipcLower: "2", tipcUpper: "1" },
    { tipcType: "128", tipcLower: "2" },
    { tipcType: "128", tipcInstance: "1", tipcScope: "world" },
    { tipcType: "128", tipcInstance: "1", tipcAddrtype: "toString" },
    { unix: "" },
    { unix: "@" },
    { unix: `@${"x".repeat(108)}` },
    { inet: "localhost:80" },
    { inet: "::1:80" },
    { inet: "1.2.3.4" },
    { inet: "1.2.3.4:0" },
    { inet: "[1.2.3.4]:80" },
    { vsockPort: "1", sockopt: Array(5).fill("SO_RCVBUF=1") },
  ];
  for (const options of wrong) assertThrows(() => target(options), UsageError, undefined, JSON.stringify(options));
});

Deno.test("parseSocketOption() reads names, numbers, seconds and groups, and formatSocketOption() writes them", () => {
  for (
    const text of ["SO_RCVBUF=65536", "SO_RCVTIMEO=2.5", "SO_SNDTIMEO=0.000001", "SO_RCVTIMEO=10", "TIPC_IMPORTANCE=-3"]
  ) {
    assertStrictEquals(formatSocketOption(parseSocketOption(text)), text);
  }
  const join = "TIPC_GROUP_JOIN=18888:1:2:3";
  assertStrictEquals(formatSocketOption(parseSocketOption(join)), join);
  assertStrictEquals(formatSocketOption(parseSocketOption("1:8=5")), "SO_RCVBUF=5");
  assertStrictEquals(formatSocketOption(parseSocketOption("40:9=5")), "40:9=5");
  assertEquals([...parseSocketOption("SO_MARK=4294967295").value.subarray(0, 5)], [255, 255, 255, 255, 0]);
});

Deno.test("parseSocketOption() refuses what does not fit into a control file", () => {
  const wrong = [
    "",
    "SO_RCVBUF",
    "SO_RCVBUF=",
    "SO_RCVBUF=1k",
    "SO_NOSUCH=1",
    "0:1=1",
    "1:0=1",
    "1:2:3=1",
    "SO_RCVBUF=4294967296",
    "SO_RCVBUF=-2147483649",
    "SO_RCVTIMEO=-1",
    "SO_RCVTIMEO=1.0000001",
    "TIPC_GROUP_JOIN=1:2:3",
    "SO_VM_SOCKETS_BUFFER_SIZE=1",
    "toString=1",
  ];
  for (const text of wrong) assertThrows(() => parseSocketOption(text), UsageError, undefined, text);
});
