/** Programs in the directory whose ports the tests of `expose` open. */
import { libraryFile } from "../support/library.ts";
import { type Proc, start } from "../support/process.ts";
import { until } from "../support/wait.ts";

/** Returns the command that runs a program of Python's under the library. */
export function pythonIn(dir: string, program: string, ...args: readonly string[]): string[] {
  return [libraryFile(), "run", "--dir", dir, "--", "python3", "-c", program, ...args];
}

/** Starts a server, and waits until it prints that it is ready. */
export async function serve(dir: string, program: string, port: number): Promise<Proc> {
  const server = start(pythonIn(dir, program, `${port}`));
  await until("the server listens", () => server.output().startsWith("ready"));
  return server;
}
