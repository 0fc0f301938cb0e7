/** `unsock`: parses, dispatches, prints the error, exits. Nothing else prints errors or exits. */
import { Context } from "./lib/system/context.ts";
import { EXIT_FAILED, EXIT_RUN_FAILED, EXIT_USAGE, reason, UnsockError, UsageError } from "./lib/system/errors.ts";
import { run } from "./lib/run/run.ts";
import { readRunOptions } from "./lib/run_options.ts";

function print(text: string): void {
  let bytes = new TextEncoder().encode(text);
  while (bytes.length > 0) bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
}

/** One line: what failed, and why. */
function fail(error: unknown, isRun: boolean): number {
  const message = error instanceof UnsockError ? error.message : `unexpected: ${reason(error)}`;
  const line = `unsock: ${message.replace(/[\r\n]+/g, " ")}\n`;
  Deno.stderr.writeSync(new TextEncoder().encode(line));
  if (Deno.env.get("UNSOCK_DEBUG") === "1") console.error(error);
  if (error instanceof UnsockError && error.exitCode !== undefined) return error.exitCode;
  if (isRun) return EXIT_RUN_FAILED;
  return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
}

async function main(args: readonly string[]): Promise<number> {
  const cut = args.indexOf("--");
  const own = cut < 0 ? args : args.slice(0, cut);
  const context = new Context(args, print);
  try {
    const options = own[0] === "run" && cut >= 0 ? readRunOptions(own.slice(1)) : undefined;
    if (options !== undefined) return await run(options, context);
    // Loaded only where it is needed: `run` is to cost little more than the runtime's own start.
    const { runCommandLine } = await import("./lib/cli.ts");
    return await runCommandLine(own, context);
  } catch (error) {
    // Whoever reads our output has seen enough.
    if (error instanceof Deno.errors.BrokenPipe) return EXIT_FAILED;
    return fail(error, own[0] === "run");
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
