/** The findings of `unsock doctor`, which prints one a line. */

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
  "environment",
  "program",
  "rewriting",
  "verdict",
] as const;

export type FindingKey = typeof FINDING_KEYS[number];

/** One finding and the advice. `note`: it works, with a limit that the user should know. */
export interface Finding {
  readonly key: FindingKey;
  readonly level: "ok" | "note" | "FAIL";
  readonly text: string;
  readonly advice?: string;
}

export const ok = (key: FindingKey, text: string): Finding => ({ key, level: "ok", text });
export const note = (key: FindingKey, text: string, advice?: string): Finding => ({ key, level: "note", text, advice });
export const bad = (key: FindingKey, text: string, advice?: string): Finding => ({ key, level: "FAIL", text, advice });
