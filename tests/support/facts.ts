/** Facts that a program prints: `NAME=VALUE` a line, the value in JSON (`fact()` of tests/support/python/facts.py). */

/** Values by name. A tuple of Python is an array. */
export type Facts = Readonly<Record<string, unknown>>;

/**
 * @param text The program's output.
 * @returns Its facts.
 * @throws {Error} naming the line that is no fact, or a fact that is printed twice.
 */
export function readFacts(text: string): Facts {
  const facts: Record<string, unknown> = {};
  for (const line of text.split("\n").filter((line) => line !== "")) {
    const [, name, value] = /^([^=]+)=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) throw new Error(`no fact: "${line}" of\n${text}`);
    if (name in facts) throw new Error(`told twice: "${name}" of\n${text}`);
    facts[name] = JSON.parse(value);
  }
  return facts;
}
