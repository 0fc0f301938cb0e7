/** A port whose control files forward to a path outside the directory, and Python programs that serve at that path. */
import { assertStrictEquals } from "@std/assert";
import { controlFile, sockaddrUnix } from "./control.ts";
import { withDir } from "./dir.ts";
import { run } from "./process.ts";
import { libraryEnv, libraryFile } from "./library.ts";

/** The port of the control files. */
export const PORT = 2000;

/** The doors by which the library reaches a test's program. */
export const DOORS = ["preload", "trap"] as const;
export type Door = typeof DOORS[number];

export interface Place {
  /** The path to which the control files forward. Its directory has no other file. */
  path: string;
  /** The names in that directory. */
  names(): string[];
  /** Runs the text of a Python program, which must write nothing to stderr. Returns its output. */
  python(program: string, as?: (command: string[]) => string[]): Promise<string>;
}

/** The path and permissions of a place. */
export interface PlaceOptions {
  /** The path in a new directory; "server" unless told. */
  name?: (elsewhere: string) => string;
  /** The mode of the new directory. */
  mode?: number;
  /** Whether the control files have a path relative to the new directory, in which the programs are started. */
  relative?: boolean;
  /** Whether every user may use the port. */
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
    const { LD_PRELOAD, ...settings } = libraryEnv(dir);
    const env = door === "trap"
      ? { ...settings, UNSOCK_ENGINE: "trap" }
      : { ...settings, LD_PRELOAD: LD_PRELOAD ?? "" };
    const front = door === "trap" ? [libraryFile(), "run", "--"] : [];
    await fn({
      path,
      names: () => Array.from(Deno.readDirSync(elsewhere), ({ name }) => name).toSorted(),
      async python(program, as = (command) => command) {
        const command = [...front, "/usr/bin/python3", "-c", program, path];
        const { stdout, stderr } = await run(as(command), { env, cwd: elsewhere });
        assertStrictEquals(stderr, "");
        return stdout;
      },
    });
  });
}
