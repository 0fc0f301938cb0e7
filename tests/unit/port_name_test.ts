/** How a port's sockets are named, and that it is read back (`c/rules/port_name.c`, `c/rules/kernel_name.c`): tables. */
import { assertEquals } from "@std/assert";
import { answers, askAll } from "../support/port_names.ts";
import { need } from "../support/programs.ts";

const ignore = !need("cc");

Deno.test("an address is written in a stream's name in one way, and read back", { ignore }, () =>
  answers([
    ["name 127.0.0.1 0 0", ".9042@127.0.0.1 read back"],
    ["name 127.0.0.1 1 3", ".9042@127.0.0.1+3 read back"],
    ["name 0.0.0.0 0 0", ".9042@0.0.0.0 read back"],
    ["name :: 0 0", ".9042@any read back"],
    ["name :: 1 99", ".9042@--+99 read back"],
    ["name ::1 0 0", ".9042@--1 read back"],
    ["name 2001:db8::5:ff 0 0", ".9042@2001-db8--5-ff read back"],
    ["name 1:2:3:4:5:6:7:8 0 109", ".9042@1-2-3-4-5-6-7-8+109 read back"],
  ]));

Deno.test(
  "five characters stand for an address where its name would be too long for a socket's path",
  { ignore },
  async () => {
    const table = ["127.0.0.1", "127.250.251.252", "0.0.0.0", "10.0.2.15", "::1", "::", "2001:db8:1:2:3:4:5:6"]
      .map((address) => `name ${address} 0 99`);
    const lines = (await askAll(table, "long")).map((line) => line.split(" "));
    assertEquals(lines.map(([, read]) => read), table.map(() => "read"));
    assertEquals(lines.map(([, , back]) => back), ["back", "back", "back", "unknown", "back", "back", "unknown"]);
  },
);

Deno.test(
  "a datagram socket's name shows its type, and a client's name its server's address",
  { ignore },
  () =>
    answers([
      ["name 127.0.0.1 0 0", ".9042u@127.0.0.1 read back"],
      ["name :: 0 99", ".9042u@any+99 read back"],
      ["name 1:2:3:4:5:6:7:8 0 99", ".9042u@1-2-3-4-5-6-7-8+99 read back"],
      ["asking 0.0.0.0 0 127.0.0.2", ".9042u@0.0.0.0,127.0.0.2"],
      ["asking :: 0 127.0.0.2", ".9042u@any,127.0.0.2"],
      ["asking :: 1 2001:db8::5:ff", ".9042u@--,2001-db8--5-ff"],
      ["asking 0.0.0.0 0 0.0.0.0", "untold"],
      ["link 127.0.0.1", ".9042u@127.0.0.1"],
      ["link 0.0.0.0,127.0.0.2", ".9042u@0.0.0.0,127.0.0.2"],
      ["link --1*7 several", "./.9042u@--1+7"],
    ], "udp"),
);

Deno.test("a link to a port's first socket is read back, and is no other port's", { ignore }, () =>
  answers([
    ["link 127.0.0.1", ".9042@127.0.0.1"],
    ["link any several", "./.9042@any"],
    ["link 1-2-3-4-5-6-7-8+109", ".9042@1-2-3-4-5-6-7-8+109"],
  ]));

Deno.test("an entry of a record is read in one way, as it is written", { ignore }, () =>
  answers([
    ["entry 127.0.0.1", "127.0.0.1 0 0"],
    ["entry 127.0.0.1+1", "127.0.0.1 1 1"],
    ["entry 127.0.0.1*0", "127.0.0.1 2 0"],
    ["entry 127.0.0.1+*!99", "127.0.0.1 7 99"],
    // No mark: it has waited.
    ["entry 127.0.0.1+100", "127.0.0.1 0 100"],
    ["entry 0.0.0.0,127.0.0.2", "0.0.0.0,127.0.0.2 0 0"],
    // Five characters.
    ["entry 0000_", "0000_ 0 0"],
    ["entry azzzz+7", "azzzz 1 7"],
    // A mark: others that have SO_REUSEADDR may bind beside it.
    ["entry 127.0.0.1*100", "127.0.0.1 2 100"],
    ...[
      "127.0.0.1+",
      "127.0.0.1*+1",
      "127.0.0.1+01",
      "127.0.0.1+110",
      "127.0.0.1/",
      "127.0.0.01",
      "127.0.0",
      "--01",
      "0-0-0-0-0-0-0-1",
      "--ffff-127.0.0.1",
      "--ffff-7f00-1",
      "all",
      "0.0.0.0,",
      "0.0.0.0,0000_",
      // A wildcard in other characters than its own.
      "zzzzz+7",
      "+1",
      "a".repeat(48),
    ]
      .map((text) => [`entry ${text}`, "none"] as const),
  ]));

Deno.test("a name in the directory is one thing, whatever is like it", { ignore }, () =>
  answers([
    ["what 9042.sock", "port 9042"],
    ["what 53.dgram.sock", "port 53 udp"],
    ["what .9042@127.0.0.1+3", "socket 9042"],
    ["what .53u@0.0.0.0,127.0.0.2", "socket 53 udp"],
    ["what .9042@", "record 9042"],
    ["what .53u@", "record 53 udp"],
    ["what .9042@~", "next 9042"],
    ["what .53u@~", "next 53 udp"],
    ["what .unsock.lock", "inner 0"],
    ["what .unsock.lock.12", "inner 0"],
    ["what .unsock.gone", "inner 0"],
    ["what .unsock-0123456789abcdef", "inner 0"],
    ...[
      "0.sock",
      "65536.sock",
      "080.sock",
      "80.sock.1",
      ".80.sock",
      "80.udp",
      ".53.dgram.sock.1",
      "53@127.0.0.1.dgram.sock",
      ".unsock.lock.",
      ".unsock.lock.x",
      ".unsock-0123456789abcde",
      ".unsock-0123456789abcdeg",
      ".@127.0.0.1",
      ".70000@--1",
      ".9042uu@--1",
      ".9042@127.0.0.1+0",
      ".9042@127.0.0.1*1",
      ".9042@127.0.0.1+",
      ".9042@127.0.0.1~",
    ].map((name) => [`what ${name}`, "none 0"] as const),
  ]));
