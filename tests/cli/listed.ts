/** The output of `unsock ls --json`. */
import { assertStrictEquals } from "@std/assert";
import { unsock } from "./unsock.ts";

/** One of its files. */
export interface Listed {
  readonly file: string;
  readonly port: number;
  readonly address: string | null;
  readonly asks: string | null;
  readonly kind: string;
  readonly state: string;
  readonly target: string | null;
  readonly mode: string;
  readonly connections: number;
  readonly listening: boolean | null;
  readonly since: string | null;
  readonly processes: { pid: number; name: string; user: string | null }[];
}

/** Returns what `unsock ls --json` lists. */
export async function list(directory: string): Promise<Listed[]> {
  const result = await unsock(["ls", "--dir", directory, "--json"]);
  assertStrictEquals(result.code, 0, result.stderr);
  return JSON.parse(result.stdout);
}
