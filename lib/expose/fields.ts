/** Selects the fields of a message's head that a proxy passes on (RFC 9110, 7.6.1). Does no I/O. */

/** The most bytes of a head from a server. */
export const ANSWER_HEAD_MOST = 131_072;

const FIRST_FINAL = 200;
const NO_CONTENT = 204;

/** Fields about one connection alone: they are not passed on. Each connection has its own framing of the body. */
const OF_A_CONNECTION = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
  "http2-settings",
]);

/** Passed on even if `Connection` names them. Otherwise the server could see another host, or another body. */
const ALWAYS_KEPT = new Set(["host", "content-length"]);

/** The protocols that a connection may change to. Others, such as HTTP/2, may carry requests for other hosts. */
const UPGRADES = new Set(["websocket"]);

/** How many 1xx answers to one request are passed on. */
export const HINTS_MOST = 32;

/** Names and values in turn, as received. */
export type RawFields = readonly string[];

/** Calls `look` with each name, in lower case, its value, and the name as received. */
export function eachField(raw: RawFields, look: (name: string, value: string, spelled: string) => void): void {
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? "";
    look(name.toLowerCase(), raw[i + 1] ?? "", name);
  }
}

/** @returns All values of a field, in order. */
export function valuesOf(raw: RawFields, wanted: string): string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) if (isNamed(raw[i], wanted)) values.push(raw[i + 1] ?? "");
  return values;
}

/** @returns True if there is a field of this name. */
export function hasField(raw: RawFields, wanted: string): boolean {
  for (let i = 0; i + 1 < raw.length; i += 2) if (isNamed(raw[i], wanted)) return true;
  return false;
}

/** True if a field has this name. Compares the lengths first, for speed: each field is compared with several names. */
function isNamed(name: string | undefined, wanted: string): boolean {
  return name?.length === wanted.length && name.toLowerCase() === wanted;
}

/** @returns The comma-separated words of a field. */
export function wordsOf(raw: RawFields, wanted: string): string[] {
  return valuesOf(raw, wanted).join().split(",").map((word) => word.trim()).filter(Boolean);
}

/** @returns The fields that are passed on. */
export function endToEndFields(raw: RawFields): string[] {
  const named = wordsOf(raw, "connection").map((word) => word.toLowerCase());
  const kept: string[] = [];
  eachField(raw, (name, value, spelled) => {
    if (OF_A_CONNECTION.has(name) || (named.includes(name) && !ALWAYS_KEPT.has(name))) return;
    kept.push(spelled, value);
  });
  return kept;
}

interface Answer {
  readonly statusCode?: number;
  readonly rawHeaders: RawFields;
}

/**
 * @param hasTrailers Whether the client can get trailers from the server.
 * @returns The fields of a final answer as the client gets them.
 * @throws {Error} If the answer is not final: a server may not change the protocol unasked.
 */
export function answerFields({ statusCode = 0, rawHeaders }: Answer, hasTrailers: boolean): string[] {
  if (statusCode < FIRST_FINAL) throw new Error(`the status ${statusCode} ends no request`);
  const mayHaveTrailers = hasTrailers && hasField(rawHeaders, "transfer-encoding");
  const kept: string[] = [];
  eachField(endToEndFields(rawHeaders), (name, value, spelled) => {
    if (name === "trailer" && !mayHaveTrailers) return;
    if (name === "content-length" && statusCode === NO_CONTENT) return; // RFC 9110, 8.6
    kept.push(spelled, value);
  });
  return kept;
}

/** @returns The field `Upgrade` with only the protocols that the front passes on; undefined if there are none. */
export function passedUpgrades(raw: RawFields): string | undefined {
  const protocols = wordsOf(raw, "upgrade").filter((protocol) => UPGRADES.has(protocol.toLowerCase()));
  return protocols.length === 0 ? undefined : protocols.join(", ");
}

/** The client, as reported to the server. */
export interface Forwarded {
  readonly address: string | undefined;
  readonly host: string;
  readonly scheme: "http" | "https";
}

/**
 * Adds the X-Forwarded fields: the client's address, and the host and the protocol that the client used. Appends the
 * address to the addresses of earlier proxies; keeps the host and the protocol that the first proxy has set.
 *
 * @param fields Names and values in turn.
 */
export function addForwarded(fields: string[], { address = "unknown", host, scheme }: Forwarded): string[] {
  const before = valuesOf(fields, "x-forwarded-for");
  const added: string[] = [];
  const has = { host: false, proto: false };
  eachField(fields, (name, value, spelled) => {
    if (name === "x-forwarded-host") has.host = true;
    if (name === "x-forwarded-proto") has.proto = true;
    if (name !== "x-forwarded-for") added.push(spelled, value);
  });
  added.push("X-Forwarded-For", [...before, address.replace(/^::ffff:(?=\d+\.)/, "")].join(", "));
  if (!has.host) added.push("X-Forwarded-Host", host);
  if (!has.proto) added.push("X-Forwarded-Proto", scheme);
  return added;
}
