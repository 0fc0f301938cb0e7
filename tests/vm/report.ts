/** Reads a guest's report of its checks. */

/** One of them. */
export interface Check {
  name: string;
  ok: boolean;
  output: string;
}

/** The guest speaks the Test Anything Protocol, with what a failed check wrote below its line. */
export function parseChecks(console: string[]): Check[] {
  const checks: Check[] = [];
  for (const line of console) {
    const result = /^(not )?ok \d+ - (.*)$/.exec(line);
    const last = checks.at(-1);
    if (result) checks.push({ name: result[2] ?? "", ok: result[1] === undefined, output: "" });
    else if (last !== undefined && line.startsWith("# ")) last.output += line.slice(2) + "\n";
  }
  return checks;
}
