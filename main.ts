/** `unsock`: parses, dispatches, prints the error, exits. Nothing else prints errors or exits. */
import { EXIT_FAILED, EXIT_RUN_FAILED, EXIT_USAGE, reason, UnsockError, UsageError } from "./lib/system/errors.ts";
import { runDirectly } from "./lib/run/direct.ts";
import { VERSION } from "./lib/system/version.ts";

const VERSION_WORDS = ["--version", "-V", "version"];

function print(text: string): void {
  let bytes = new TextEncoder().encode(text);
  try {
    while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) throw error;
    throw new UnsockError(`standard output: ${reason(error)}`, { cause: error });
  }
}

/** One line on standard error. */
function warn(message: string): void {
  const line = `unsock: ${message.replace(/[\r\n]+/g, " ")}\n`;
  Deno.stderr.writeSync(new TextEncoder().encode(line));
}

/** One line: what failed, and why. */
function fail(error: unknown, isRun: boolean): number {
  warn(error instanceof UnsockError ? error.message : `unexpected: ${reason(error)}`);
  if (Deno.env.get("UNSOCK_DEBUG") === "1") console.error(error);
  if (error instanceof UnsockError && error.exitCode !== undefined) return error.exitCode;
  if (isRun) return EXIT_RUN_FAILED;
  return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
}

async function main(args: readonly string[]): Promise<number> {
  const [name = ""] = args;
  try {
    if (VERSION_WORDS.includes(name)) {
      print(`${VERSION}\n`);
      return 0;
    }
    if (name === "run") {
      const status = await runDirectly(args);
      if (status !== undefined) return status;
    }
    // All else only where it is needed; what a `run` needs comes at once: to ask for more later takes longer than to load it.
    const { runCommandLine } = await import("./lib/commands/command_line.ts");
    return await runCommandLine(args, print, warn);
  } catch (error) {
    // Whoever reads our output has seen enough.
    if (error instanceof Deno.errors.BrokenPipe) return EXIT_FAILED;
    return fail(error, name === "run");
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
