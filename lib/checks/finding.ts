/** The findings of `unsock doctor`, which prints each on a line, and its advice on the next line. */
import type { Answer } from "../library/query.ts";
import { reason } from "../system/errors.ts";

/** The subjects of findings, for scripts. `docs/json.md` describes them. */
export const FINDING_KEYS = [
  "kernel",
  "settings",
  "library",
  "sockets",
  "directory",
  "listeners",
  "rights",
  "stale",
  "bound",
  "elsewhere",
  "control",
  "tcp",
  "preload",
  "vsock",
  "tipc",
  "datagrams",
  "descriptors",
  "environment",
  "program",
  "rewriting",
  "confinement",
  "verdict",
] as const;

export type FindingKey = typeof FINDING_KEYS[number];

/** One finding, and advice. With the level `note` unsock works, but with a limit that the user should know. */
export interface Finding {
  readonly key: FindingKey;
  readonly level: "ok" | "note" | "FAIL";
  readonly text: string;
  readonly advice?: string;
}

export const ok = (key: FindingKey, text: string): Finding => ({ key, level: "ok", text });
export const note = (key: FindingKey, text: string, advice?: string): Finding => ({ key, level: "note", text, advice });
export const bad = (key: FindingKey, text: string, advice?: string): Finding => ({ key, level: "FAIL", text, advice });

/** Leaves out a failure if an earlier one has the same reason, such as an unreadable setting or a missing library. */
export function withoutRepetition(findings: readonly Finding[]): Finding[] {
  const reasons = new Set<string>();
  return findings.filter(({ level, text }) => {
    const why = text.replace(/^(settings|directory): /, "");
    return level !== "FAIL" || (!reasons.has(why) && reasons.add(why));
  });
}

/** @returns The reason why the library has no answer, or undefined if it has one. */
export function whyNot(answer: Answer<unknown>): string | undefined {
  try {
    answer();
    return undefined;
  } catch (error) {
    return reason(error); // the library's own words, unchanged: the verdict prints them, too
  }
}
