/** The tests that need two machines: `deno task test:machines` boots them under qemu and runs tests/machines in them. */
import { dirname, fromFileUrl, join } from "@std/path/posix";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..");
const args = ["test", "-A", join(ROOT, "tests", "machines", "machines.ts")];
Deno.exit((await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).spawn().status).code);
