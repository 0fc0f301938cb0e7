/**
 * Runs the tests that need a kernel with vsock and TIPC: `deno task test:vm` boots one under qemu, and runs tests/vm in
 * it. `deno task test:vm --shell` gives a shell in the guest instead.
 */
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { makeImage } from "../tests/vm/image.ts";
import { fetchKernel } from "../tests/vm/kernel.ts";
import { machineCommand } from "../tests/vm/machine.ts";

const ROOT = join(dirname(fromFileUrl(import.meta.url)), "..");

async function runTests(): Promise<number> {
  return await execute([Deno.execPath(), "test", "-A", join(ROOT, "tests", "vm")]);
}

async function runShell(): Promise<number> {
  const kernel = await fetchKernel(join(ROOT, "build", "vm"));
  const dir = await Deno.makeTempDir();
  try {
    return await execute(machineCommand(kernel, await makeImage(kernel, dir), ["unsock.shell"]));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function execute([program = "", ...args]: string[]): Promise<number> {
  return (await new Deno.Command(program, { args, cwd: ROOT, stdin: "inherit" }).spawn().status).code;
}

const [option, ...rest] = Deno.args;
if (rest.length > 0 || (option !== undefined && option !== "--shell")) {
  console.error(`unsock: vm: unknown argument "${[option, ...rest].join(" ")}"; there is only --shell`);
  Deno.exit(2);
}
Deno.exit(option === "--shell" ? await runShell() : await runTests());
