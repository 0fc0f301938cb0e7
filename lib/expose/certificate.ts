/**
 * The certificate and key of `expose --http --cert --key`, which the user provides. The front checks that the key
 * belongs to the certificate before any client connects. A host name matches the certificate as in browsers.
 */
import { createPrivateKey, X509Certificate } from "node:crypto";
import * as fs from "node:fs";
import type { Buffer } from "node:buffer";
import { codeOf, reason, UnsockError } from "../system/errors.ts";

/** Longer files are refused: a file of certificates is much shorter. */
const BYTES_MOST = 1 << 20;
/** How many labels must follow a wildcard: in browsers, `*.localhost` matches nothing. */
const LABELS_BELOW_WILDCARD = 2;

/** The paths of two files in PEM form. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** A certificate that can be used. */
export interface Certificate {
  /** The certificate and its issuers' certificates, in PEM form. */
  readonly cert: Buffer;
  readonly key: Buffer;
  /** The certificate's host names, in lower case; some may begin with `*.`. */
  readonly names: readonly string[];
}

function readPem(file: string): Buffer {
  try {
    const status = fs.statSync(file);
    if (!status.isFile()) throw new Error("not a regular file");
    if (status.size > BYTES_MOST) throw new Error("too large for a file in PEM form");
    return fs.readFileSync(file);
  } catch (error) {
    throw new UnsockError(`${file}: ${reason(error)}`, { cause: error });
  }
}

function parse<T>(file: string, read: () => T, why: string): T {
  try {
    return read();
  } catch (error) {
    throw new UnsockError(`${file}: ${why}`, { cause: error });
  }
}

function checkDates(file: string, { validFrom, validTo }: X509Certificate, now: number): void {
  if (Date.parse(validTo) < now) throw new UnsockError(`${file}: expired on ${validTo}: make a new certificate`);
  if (Date.parse(validFrom) > now) throw new UnsockError(`${file}: not valid before ${validFrom}`);
}

/** @throws {UnsockError} If a file cannot be used. The message names the file and the problem. */
function readCertificate({ cert, key }: CertificateFiles, now = Date.now()): Certificate {
  const [certBytes, keyBytes] = [readPem(cert), readPem(key)];
  const first = parse(cert, () => new X509Certificate(certBytes), "no certificate in PEM form");
  const isLocked = keyBytes.includes("ENCRYPTED");
  const why = isLocked ? "encrypted: write a key without a passphrase" : "no private key in PEM form";
  const secret = parse(key, () => createPrivateKey(keyBytes), why);
  if (!first.checkPrivateKey(secret)) throw new UnsockError(`${key}: not the key of the certificate ${cert}`);
  checkDates(cert, first, now);
  const names = [...(first.subjectAltName ?? "").matchAll(/(?:^|, )DNS:([^,"]+)/g)];
  return { cert: certBytes, key: keyBytes, names: names.map(([, name = ""]) => name.toLowerCase()) };
}

/** True if the certificate is for the host name, by the rules of browsers. */
export function isFor(host: string, { names }: Pick<Certificate, "names">): boolean {
  const name = host.toLowerCase();
  const [, above = ""] = /^[^.]+\.(.+)$/.exec(name) ?? [];
  const hasWildcard = above.split(".").length >= LABELS_BELOW_WILDCARD && names.includes(`*.${above}`);
  return hasWildcard || names.includes(name);
}

/** Returns a text that changes whenever one of the files is written, replaced or removed. */
function signatureOf({ cert, key }: CertificateFiles): string {
  return [cert, key].map((file) => {
    try {
      const { dev, ino, size, mtimeNs } = fs.statSync(file, { bigint: true });
      return [dev, ino, size, mtimeNs].join(" ");
    } catch (error) {
      return String(codeOf(error));
    }
  }).join(", ");
}

/** The certificate in use. It is read again when its files change. */
export class CertificateInUse {
  readonly #files: CertificateFiles;
  #signature: string;
  #current: Certificate;

  /** @throws {UnsockError} As {@linkcode readCertificate}. */
  constructor(files: CertificateFiles) {
    this.#files = files;
    this.#signature = signatureOf(files);
    this.#current = readCertificate(files);
  }

  get current(): Certificate {
    return this.#current;
  }

  /**
   * Reads the files again if they have changed.
   *
   * @returns True if there is a new certificate.
   * @throws {UnsockError} As {@linkcode readCertificate}, once for each change; the certificate in use stays.
   */
  reload(): boolean {
    const signature = signatureOf(this.#files);
    if (signature === this.#signature) return false;
    this.#signature = signature;
    this.#current = readCertificate(this.#files);
    return true;
  }
}
