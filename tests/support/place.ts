/** A port that leads to a path elsewhere by its control files, and Python programs that serve there. */
import { assertStrictEquals } from "@std/assert";
import { controlFile, sockaddrUnix } from "./control.ts";
import { withDir } from "./dir.ts";
import { run } from "./process.ts";
import { shimEnv, shimLibrary } from "./shim.ts";

/** The port. */
export const PORT = 2000;

/** How a test's program is reached. */
export const DOORS = ["preload", "trap"] as const;
export type Door = typeof DOORS[number];

const HELPERS = `
import array, ctypes, os, socket, sys, threading
path = sys.argv[1]
at = ("127.0.0.1", ${PORT})
def there(): return os.path.exists(path)
def bound(kind=socket.SOCK_STREAM):
    server = socket.socket(socket.AF_INET, kind)
    server.bind(at)
    return server
def serving():
    server = bound()
    server.listen()
    return server
def served(server):
    client = socket.create_connection(at)
    server.accept()[0].send(b"served")
    return client.recv(6).decode()
def plain(kind=socket.SOCK_STREAM):
    "Somebody who knows nothing of unsock."
    server = socket.socket(socket.AF_UNIX, kind)
    server.bind(path)
    return server
def waits(thread): return " S " in open("/proc/self/task/%d/stat" % thread.native_id).read()
`;

export interface Place {
  /** Where the control files lead to; alone in its directory. */
  path: string;
  /** The names in that directory. */
  names(): string[];
  /** Runs a Python program, which must write nothing to stderr; returns what it printed. */
  python(program: string, as?: (command: string[]) => string[]): Promise<string>;
}

/** Where a place is. */
export interface PlaceOptions {
  /** The path in a new directory; "server" unless told. */
  name?: (elsewhere: string) => string;
  /** That directory's mode. */
  mode?: number;
  /** The control files have the path as it is seen from that directory, where the programs are started. */
  relative?: boolean;
  /** Every user has the port. */
  everybody?: boolean;
}

/** Runs `fn` with a port that leads to the path `name`, by TCP and UDP, in a directory of mode `mode`. */
export async function withPlace(
  door: Door,
  fn: (place: Place) => Promise<void>,
  { name = () => "server", mode = 0o755, relative = false, everybody = false }: PlaceOptions = {},
): Promise<void> {
  await withDir(async (base) => {
    const [dir, elsewhere] = [`${base}/s`, `${base}/e`];
    for (const made of [dir, elsewhere]) await Deno.mkdir(made);
    await Deno.chmod(base, 0o755);
    if (everybody) await Deno.chmod(dir, 0o777);
    await Deno.chmod(elsewhere, mode);
    const path = `${elsewhere}/${name(elsewhere)}`;
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    const control = controlFile({ dest: sockaddrUnix(relative ? name(elsewhere) : path) });
    for (const file of [`${PORT}.sock`, `${PORT}.dgram.sock`]) {
      await Deno.writeFile(`${dir}/${file}`, control);
      if (everybody) await Deno.chmod(`${dir}/${file}`, 0o666);
    }
    const { LD_PRELOAD, ...settings } = shimEnv(dir);
    const env = door === "trap"
      ? { ...settings, UNSOCK_ENGINE: "trap" }
      : { ...settings, LD_PRELOAD: LD_PRELOAD ?? "" };
    const front = door === "trap" ? [shimLibrary(), "run", "--"] : [];
    await fn({
      path,
      names: () => Array.from(Deno.readDirSync(elsewhere), ({ name }) => name).toSorted(),
      async python(program, as = (command) => command) {
        const command = [...front, "/usr/bin/python3", "-c", HELPERS + program, path];
        const { stdout, stderr } = await run(as(command), { env, cwd: elsewhere });
        assertStrictEquals(stderr, "");
        return stdout;
      },
    });
  });
}
