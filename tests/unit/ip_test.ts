/** Addresses as text: what `lib/system/ip.ts` reads and writes. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { formatIp, parseIpv4, parseIpv6 } from "../../lib/system/ip.ts";

Deno.test("parseIpv4() reads dotted quads and nothing else", () => {
  assertEquals([...parseIpv4("127.0.0.1") ?? []], [127, 0, 0, 1]);
  for (
    const text of ["", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.4 ", "01.2.3.4", "0x7f.0.0.1", "-1.2.3.4", "1..2.3"]
  ) {
    assertStrictEquals(parseIpv4(text), undefined, text);
  }
});

Deno.test("parseIpv6() reads every form that inet_pton reads", () => {
  const hex = (text: string) =>
    Array.from(parseIpv6(text) ?? [], (byte) => byte.toString(16).padStart(2, "0")).join("");
  assertStrictEquals(hex("::"), "0".repeat(32));
  assertStrictEquals(hex("::1"), "0".repeat(31) + "1");
  assertStrictEquals(hex("2001:DB8::8:800:200c:417a"), "20010db80000000000080800200c417a");
  assertStrictEquals(hex("1:2:3:4:5:6:7::"), "00010002000300040005000600070000");
  assertStrictEquals(hex("::ffff:192.0.2.1"), "00000000000000000000ffffc0000201");
  assertStrictEquals(hex("1:2:3:4:5:6:1.2.3.4"), "00010002000300040005000601020304");
});

Deno.test("parseIpv6() refuses what is not quite an address", () => {
  const wrong = [
    "",
    ":",
    ":::",
    "1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    ":1::",
    "1:",
    "12345::",
    "g::",
    "fe80::1%1",
    "[::1]",
    "1.2.3.4::",
    "1:2:3:4:5:6:7::8",
    "::1.2.3",
  ];
  for (const text of wrong) assertStrictEquals(parseIpv6(text), undefined, text);
});

Deno.test("formatIp() leaves out the longest run of zeros", () => {
  for (
    const text of ["127.0.0.1", "::", "::1", "1::", "2001:db8::1", "1:0:0:2::3", "1:2:3:4:5:6:7:8", "fe80::10:0:0:1"]
  ) {
    const bytes = parseIpv4(text) ?? parseIpv6(text);
    assert(bytes);
    assertStrictEquals(formatIp(bytes), text);
  }
});
