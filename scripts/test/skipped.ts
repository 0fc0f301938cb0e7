/** Formats the end of the output of `deno task test`: how many tests were skipped, why, and how to run them. */
import { type Skip, SKIPS } from "../../tests/support/skips.ts";
import { ALL_OPTION } from "./choice.ts";

const COLUMNS = 100;

/** Parses the tests' notes, each a line of JSON. */
export function readSkips(text: string): Skip[] {
  return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
}

function fill(words: readonly string[], first: string, next: string): string {
  const lines = [first];
  for (const word of words) {
    const line = lines.at(-1) ?? "";
    if (line.length + word.length < COLUMNS) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`${next} ${word}`);
  }
  return lines.join("\n");
}

function distinct(words: readonly string[]): string[] {
  return [...new Set(words)].toSorted();
}

/**
 * @param ignored The number of tests that did not run.
 * @param skips The tests' notes: what they lack.
 * @param left How many test files were left out, as they take longest.
 * @returns The lines of the output before its last one; "" if everything ran.
 */
export function describeSkipped(ignored: number, skips: readonly Skip[], left: number): string {
  const programs = distinct(skips.flatMap(({ programs = [] }) => programs));
  const packages = distinct(skips.flatMap(({ packages = [] }) => packages));
  const others = distinct(
    skips.flatMap(({ missing, remedy }) => missing === undefined ? [] : [`${missing}: ${remedy}`]),
  );
  const lines = [
    ...ignored === 0
      ? []
      : [`skipped: ${ignored} tests of these files, for programs that are missing, rights, or other machines.`],
    ...programs.length === 0 ? [] : [
      fill(programs, "  missing:", "   "),
      fill(packages, "  as root: apt-get install", "   ").replaceAll("\n", " \\\n"),
    ],
    ...others.map((other) => `  missing ${other}`),
    ...Deno.uid() === 0 || ignored === 0
      ? []
      : ["  Some need root, to be several users or to make namespaces: type the same line as root."],
    ...left === 0 ? [] : [`left out: ${left} files, which take longest: deno task test ${ALL_OPTION}`],
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** Runs `work` with a file in which the tests note what they lack. */
export async function withSkips<T>(work: (variables: Record<string, string>, read: () => Skip[]) => Promise<T>) {
  const file = await Deno.makeTempFile({ prefix: "unsock-skips-" });
  try {
    return await work({ [SKIPS]: file }, () => readSkips(Deno.readTextFileSync(file)));
  } finally {
    await Deno.remove(file);
  }
}
