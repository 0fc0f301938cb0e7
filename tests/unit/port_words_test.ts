/** Ports and addresses as users write them: `c/rules/port_words.c`, asked by `lib/run/ports.ts`. */
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { portQuestion } from "../../lib/run/ports.ts";
import { UsageError } from "../../lib/system/errors.ts";
import { askedLibrary } from "../support/library.ts";

const read = (text: string) => askedLibrary().ask(portQuestion(text));
const addressOf = (text: string) => read(`80@${text}`).address;

Deno.test("query reads ports of TCP and UDP, alone or of one address", () => {
  assertEquals(read("8000"), { number: 8000, kind: "stream", address: undefined });
  assertEquals(read("080/tcp"), { number: 80, kind: "stream", address: undefined });
  assertEquals(read("53@::1/udp"), { number: 53, kind: "datagram", address: "::1" });
  for (const text of ["", "0", "65536", "-1", "8000 ", "80/sctp", "80/udp/x", "80/", "@::1", "x@::1", "80@::1/x"]) {
    assertThrows(() => read(text), UsageError, "PORT: not a port from 1 to 65535", text);
  }
});

Deno.test("query accepts every form of an address that inet_pton accepts, and prints it as RFC 5952 does", () => {
  const forms: Record<string, string> = {
    "127.0.0.1": "127.0.0.1",
    "::": "::",
    "0:0:0:0:0:0:0:1": "::1",
    "1:0:0:0:0:0:0:0": "1::",
    "2001:DB8::8:800:200c:417a": "2001:db8::8:800:200c:417a",
    "1:2:3:4:5:6:7::": "1:2:3:4:5:6:7:0",
    "::ffff:192.0.2.1": "192.0.2.1",
    "1:2:3:4:5:6:1.2.3.4": "1:2:3:4:5:6:102:304",
    "1:0:0:2:0:0:0:3": "1:0:0:2::3",
    "fe80:0:0:0:10:0:0:1": "fe80::10:0:0:1",
  };
  for (const [text, told] of Object.entries(forms)) assertStrictEquals(addressOf(text), told, text);
});

Deno.test("query refuses what is not quite an address", () => {
  const four = ["", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.4 ", "01.2.3.4", "0x7f.0.0.1", "-1.2.3.4", "1..2.3"];
  const six = [":", ":::", "1:", ":1", "12345::", "g::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7::8", "::1.2.3"];
  for (const text of [...four, ...six, "localhost", "1.2.3.4::", "fe80::1%lo", "[::1]"]) {
    assertThrows(() => addressOf(text), UsageError, "PORT@ADDR: not an IP address", text);
  }
});
