/** Collects the binary's files for `deno compile`: `main.ts`, its imports, and the library. */
import * as path from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
import { DATE, ROOT } from "./tools.ts";

/**
 * Copies the binary's files into a directory. The binary stores dates, so all files get the same date: the same files
 * then make the same binary. The packages of `deno.json` come from the runtime's cache, and are no npm packages in the
 * binary: otherwise it would start some 2 ms later, since the runtime would first read the list of installed packages.
 *
 * @param directory An empty directory.
 * @param carried Other files to carry, by their paths in the directory.
 * @returns The configuration's path.
 * @throws {Error} When a package is not in the cache.
 */
export async function copySources(directory: string, carried: Readonly<Record<string, string>>): Promise<string> {
  for (const file of ["main.ts", "lib", "packaging/npm/unsock.ts", "packaging/binary/unsock.ts"]) {
    copy(path.join(ROOT, file), path.join(directory, file));
  }
  for (const [to, from] of Object.entries(carried)) copy(from, path.join(directory, to));
  const config: { imports: Record<string, string> } = JSON.parse(
    await Deno.readTextFile(path.join(ROOT, "deno.json")),
  );
  const caches = await packageCaches();
  const imports: Record<string, string> = {};
  for (const [name, target] of Object.entries(config.imports)) {
    const [, packageName, version = "", file = ""] = /^npm:([^@]+)@([^/]+)\/(.+)$/.exec(target) ?? [];
    if (packageName === undefined) continue; // a file of the source tree, for tests
    const from = caches.map((cache) => path.join(cache, packageName, version)).find(isDirectory);
    if (from === undefined) throw new Error(`${target} is not in ${caches.join(", ")}: run "deno task build" once`);
    const to = `imports/${packageName}-${version}`;
    imports[name] = `./${to}/${file}`;
    copy(from, path.join(directory, to));
  }
  const written = path.join(directory, "deno.json");
  await Deno.writeTextFile(written, JSON.stringify({ nodeModulesDir: "none", imports }));
  return written;
}

/** Returns the directories of the runtime's cache, one for each registry. */
async function packageCaches(): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "null" }).output();
  const { npmCache }: { npmCache: string } = JSON.parse(new TextDecoder().decode(stdout));
  return [...Deno.readDirSync(npmCache)].map(({ name }) => path.join(npmCache, name));
}

const isDirectory = (file: string) => statOrUndefined(file)?.isDirectory() === true;

function copy(from: string, to: string): void {
  if (isDirectory(from)) {
    for (const { name } of Deno.readDirSync(from)) copy(path.join(from, name), path.join(to, name));
    return;
  }
  Deno.mkdirSync(path.dirname(to), { recursive: true });
  Deno.copyFileSync(from, to);
  Deno.utimeSync(to, Number(DATE), Number(DATE));
}
