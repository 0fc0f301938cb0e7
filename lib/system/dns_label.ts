/** Makes the names of loopbacks, which are labels of host names. */

const LABEL_MOST = 63;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** True if `run --name` accepts the name (`c/process/loopback_name.c`): one label of a host's name, in lower case. */
export function isLabel(name: string): boolean {
  return LABEL.test(name);
}

/**
 * Makes a label of any text: in lower case, with one `-` for each run of characters other than a-z and 0-9, and no `-`
 * at the ends.
 *
 * @returns The label, of at most 63 characters; empty if the text has no letter or digit.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(dnsLabel("Feature/New_Login"), "feature-new-login");
 * ```
 */
export function dnsLabel(text: string): string {
  const lower = text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return lower.replace(/[^a-z0-9]+/g, "-").replace(/^-/, "").slice(0, LABEL_MOST).replace(/-$/, "");
}

/** @returns `LABEL-NUMBER`. Cuts the label so that the result has at most 63 characters. */
export function withNumber(label: string, number: number): string {
  const end = `-${number}`;
  return label.slice(0, LABEL_MOST - end.length).replace(/-$/, "") + end;
}
