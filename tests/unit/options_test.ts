/** Reading options: `lib/system/options.ts`, by the table of `run`. */
import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { COMMANDS } from "../../lib/commands/table.ts";
import { UsageError } from "../../lib/system/errors.ts";
import { didYouMean } from "../../lib/system/nearest.ts";
import { readOptions } from "../../lib/system/options.ts";

const RUN = COMMANDS.find(({ name }) => name === "run");
const CONTROL = COMMANDS.find(({ name }) => name === "make-control");
assert(RUN && CONTROL);

const read = (...args: string[]) => readOptions(RUN.options, args, true);

const PLAIN: readonly { args: string[]; values: Record<string, unknown> }[] = [
  { args: [], values: {} },
  {
    args: ["--dir", "/d", "--addr=::1,127.0.0.1/8", "--port", "80-90", "--mode=660"],
    values: { dir: "/d", addr: "::1,127.0.0.1/8", port: "80-90", mode: "660" },
  },
  {
    args: ["--block-inet", "--block-inet6", "--fallback", "--one-address", "--force", "--dry-run"],
    values: { blockInet: true, blockInet6: true, fallback: true, oneAddress: true, force: true, dryRun: true },
  },
  {
    args: ["--accept-convert", "none", "--timeout", "5", "--lib=a=b", "--log=x.log"],
    values: { acceptConvert: "none", connectTimeoutMs: "5", lib: "a=b", log: "x.log" },
  },
  { args: ["--timeout=5", "--connect-timeout-ms", "6"], values: { connectTimeoutMs: "6" } },
  { args: ["--connect-timeout-ms=6", "--timeout=5"], values: { connectTimeoutMs: "5" } },
  { args: ["--port", "1", "--port=2"], values: { port: "2" } },
  { args: ["--dir", "two\nlines", "--addr=a\nb"], values: { dir: "two\nlines", addr: "a\nb" } },
  { args: ["--log"], values: { log: true } },
];

for (const { args, values } of PLAIN) {
  Deno.test(`readOptions() reads ${JSON.stringify(args)}`, () => {
    assertEquals<unknown>(read(...args), { values, operands: [], help: false });
  });
}

const COMMAND_LINES: readonly { args: string[]; operands: string[] }[] = [
  { args: ["true"], operands: ["true"] },
  { args: ["--", "true"], operands: ["true"] },
  { args: ["--force", "true", "--force"], operands: ["true", "--force"] },
  { args: ["--port", "80", "--", "--odd-name", "-x"], operands: ["--odd-name", "-x"] },
  { args: ["sh", "-c", "x", "--", "y"], operands: ["sh", "-c", "x", "--", "y"] },
  { args: ["--", "sh", "--", "y"], operands: ["sh", "--", "y"] },
  { args: ["--", "--"], operands: ["--"] },
  { args: ["", "x"], operands: ["", "x"] },
  { args: ["-", "x"], operands: ["-", "x"] },
  { args: ["--log", "file"], operands: ["file"] },
];

for (const { args, operands } of COMMAND_LINES) {
  Deno.test(`readOptions() leaves ${JSON.stringify(operands)} of ${JSON.stringify(args)} to the command`, () => {
    assertEquals(read(...args).operands, operands);
  });
}

const WRONG: readonly { args: string[]; says: RegExp }[] = [
  { args: ["--nope"], says: /unknown option '--nope'/ },
  { args: ["--di", "x"], says: /unknown option '--di': did you mean --dir\?/ },
  { args: ["--constructor", "x"], says: /unknown option/ },
  { args: ["-x"], says: /unknown option/ },
  { args: ["--dir"], says: /--dir: empty/ },
  { args: ["--dir="], says: /--dir: empty/ },
  { args: ["--force=1"], says: /--force: takes no value: "1"/ },
  { args: ["--help=x"], says: /unknown option '--help'/ },
  { args: ["--nope", "x", "true"], says: /unknown option '--nope'/ },
  { args: ["--addr", "--dir="], says: /--dir: empty/ }, // the table's first
];

for (const { args, says } of WRONG) {
  Deno.test(`readOptions() refuses ${JSON.stringify(args)} in one line`, () => {
    assertMatch(assertThrows(() => read(...args), UsageError).message, says);
  });
}

Deno.test("readOptions() takes --help before what is wrong, and each of several values", () => {
  assertStrictEquals(read("--nope", "--help").help, true);
  const { values } = readOptions(CONTROL.options, ["--sockopt", "A=1", "f", "--sockopt=B=2"], false);
  assertEquals(values, { sockopt: ["A=1", "B=2"] });
});

Deno.test("readOptions() takes options among operands, but none behind --", () => {
  const { values, operands } = readOptions(CONTROL.options, ["a", "--force", "b", "--", "--force", "--", "-h"], false);
  assertEquals(values, { force: true });
  assertEquals(operands, ["a", "b", "--force", "--", "-h"]);
});

Deno.test("didYouMean() counts a swap of two letters as one slip, and takes no time for a long word", () => {
  const meant = (word: string) => didYouMean(word, ["expose", "path", "prune"], "none");
  assertEquals(["expsoe", "epxoes", "ptah", "prnue", "pa", "x"].map(meant), [
    ": did you mean expose?",
    ": none",
    ": did you mean path?",
    ": did you mean prune?",
    ": did you mean path?",
    ": none",
  ]);
  assertEquals(meant("p".repeat(1_000_000)), ": none");
});
