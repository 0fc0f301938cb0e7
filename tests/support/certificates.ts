/** Certificates for tests, made by openssl: signed by themselves, with the names that a test wants. */
import { assertStrictEquals } from "@std/assert";
import { run } from "./process.ts";

/** The paths of a certificate and its key. */
export interface Files {
  readonly cert: string;
  readonly key: string;
}

/** @returns The files `NAME.pem` and `NAME-key.pem` in the directory. */
export async function makeCertificate(
  directory: string,
  names: readonly string[],
  { name = "cert", more = ["-days", "2"] }: { name?: string; more?: readonly string[] } = {},
): Promise<Files> {
  const files = { cert: `${directory}/${name}.pem`, key: `${directory}/${name}-key.pem` };
  const subject = `subjectAltName=${names.map((one) => `DNS:${one}`).join(",")}`;
  const made = await run([
    ...[
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-subj",
      "/CN=test",
    ],
    ...[
      "-addext",
      subject,
      "-addext",
      "basicConstraints=critical,CA:FALSE",
      "-keyout",
      files.key,
      "-out",
      files.cert,
      ...more,
    ],
  ]);
  assertStrictEquals(made.code, 0, made.stderr);
  return files;
}
