/**
 * Runs the tests between machines: `deno task test:machines` boots guests under qemu, and runs tests/machines in them.
 * With `--write`, writes the table of stories in docs/between-machines.md; else compares the table with the results.
 */
import { dirname, fromFileUrl, join } from "@std/path/posix";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..");
const args = ["test", "-A", join(ROOT, "tests", "machines", "machines.ts")];
const env = { WRITE_MACHINES_PAGE: Deno.args.includes("--write") ? "1" : "" };
Deno.exit((await new Deno.Command(Deno.execPath(), { args, cwd: ROOT, env }).spawn().status).code);
