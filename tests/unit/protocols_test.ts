/** lib/expose/protocols.ts */
import { assertStrictEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { protocolOf } from "../../lib/expose/protocols.ts";

Deno.test("protocolOf() knows a protocol by its first bytes, and waits for the whole record that begins TLS", () => {
  for (const [text, protocol] of [["GET ", "http1"], ["PRI ", "http2"], ["PRX", "http1"], ["P", undefined]] as const) {
    for (const isSecure of [true, false]) assertStrictEquals(protocolOf(Buffer.from(text), isSecure), protocol, text);
  }
  const record = Buffer.from([0x16, 3, 1, 0, 4, 1, 2, 3, 4, 5]);
  for (let size = 1; size <= record.length; size++) {
    const bytes = record.subarray(0, size);
    assertStrictEquals(protocolOf(bytes, true), size < 9 ? undefined : "tls", `${size} bytes`);
    assertStrictEquals(protocolOf(bytes, false), "tls");
  }
});
