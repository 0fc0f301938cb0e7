/** A certificate of its own for a server of a test. */
import { assertStrictEquals } from "@std/assert";
import { run } from "../support/process.ts";
import type { Rig } from "./rig.ts";

/** Makes a key and a certificate for localhost and 127.0.0.1, as `key` and `certificate` in the rig's files. */
export async function certify({ files }: Rig): Promise<void> {
  const made = await run(
    ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
      .concat(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"])
      .concat(["-keyout", `${files}/key`, "-out", `${files}/certificate`]),
  );
  assertStrictEquals(made.code, 0, made.stderr);
}
