/** Small Python programs under the library: where a C probe would be long, and the kernel need not be asked first. */
import { assertStrictEquals } from "@std/assert";
import { run } from "./process.ts";
import { shimEnv } from "./shim.ts";

const HELPERS = `
import ctypes, os, platform, socket, sys
def files():
    names = os.listdir(os.environ["UNSOCK_DIR"])
    def has_port(name):
        port = os.environ["UNSOCK_DIR"] + "/" + name[1:].split("@")[0].replace("u", ".dgram") + ".sock"
        return name[0] == "." and "@" in name and os.path.islink(port) and os.readlink(port) == name
    return sorted(name for name in names if name != ".unsock.lock" and not has_port(name))
CLOSE = 3 if platform.machine() == "x86_64" else 57
def raw_close(fd): ctypes.CDLL("libc.so.6").syscall(CLOSE, fd)
`;

/**
 * Runs a Python program under the library, which must write nothing to stderr.
 *
 * @param program Its text. ctypes, os, platform, socket and sys are imported; `files()` names what is in the directory beside its lock
 *   and the socket's own name where PORT.sock leads to it as a port's only one,
 *   `raw_close(fd)` closes past every library, and CLOSE is the number of that call.
 * @param dir The absolute directory of the socket files.
 * @param args Its arguments.
 * @returns What it printed.
 */
export async function python(program: string, dir: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await run(["python3", "-c", HELPERS + program, ...args], { env: shimEnv(dir) });
  assertStrictEquals(stderr, "");
  return stdout;
}
