/** Reads the verdict of `unsock doctor PORT`. */
import { assert, assertStrictEquals } from "@std/assert";
import type { RunResult } from "../support/process.ts";
import { unsock } from "./unsock.ts";

/** @returns Doctor's verdict and its advice in one line, with PORT for the port's number. Checks the exit status. */
export function verdictOf({ code, stdout, stderr }: RunResult, port: number): string {
  const lines = stdout.trimEnd().split("\n");
  const last = lines.findLastIndex((line) => /^(ok|FAIL) +=> /.test(line));
  assert(last >= 0, stdout + stderr);
  assertStrictEquals(code, lines[last]?.startsWith("ok") ? 0 : 1, stdout);
  return lines.slice(last).map((line) => line.trim()).join(" ").replace(new RegExp(`\\b${port}\\b`, "g"), "PORT");
}

/** @returns The verdict on a port, in this environment. */
export async function verdict(port: number, env: Record<string, string>, more = ""): Promise<string> {
  return verdictOf(await unsock(["doctor", `${port}${more}`], { env }), port);
}
