/** Names of users. */

let names: Map<number, string> | undefined;

/** @returns The user's name by `/etc/passwd`, or the number. */
export function userName(uid: number): string {
  names ??= readNames();
  return names.get(uid) ?? `${uid}`;
}

function readNames(): Map<number, string> {
  try {
    const lines = Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":"));
    return new Map(lines.map(([name = "", , uid]) => [Number(uid), name]));
  } catch {
    return new Map();
  }
}
