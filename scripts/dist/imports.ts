/** The packages that `main.ts` imports, as plain files for `deno compile`. */
import * as path from "@std/path/posix";
import { ROOT } from "./tools.ts";

/**
 * Copies the packages of `deno.json` out of the runtime's cache, and writes a configuration that finds them there: a binary with
 * a package of npm in it starts 2 ms later, since the runtime reads first what npm would have installed.
 *
 * @returns The configuration's path.
 * @throws {Error} When a package is not in the cache.
 */
export async function copyImports(): Promise<string> {
  const directory = path.join(ROOT, "build", "imports");
  const config: { imports: Record<string, string> } = JSON.parse(
    await Deno.readTextFile(path.join(ROOT, "deno.json")),
  );
  const caches = await packageCaches();
  const imports: Record<string, string> = {};
  for (const [name, target] of Object.entries(config.imports)) {
    const [, packageName = "", version = "", file = ""] = /^npm:([^@]+)@([^/]+)\/(.+)$/.exec(target) ?? [];
    const from = caches.map((cache) => path.join(cache, packageName, version)).find(isDirectory);
    if (from === undefined) throw new Error(`${target} is not in ${caches.join(", ")}: run "deno task build" once`);
    const to = `${packageName}-${version}`;
    imports[name] = `./${to}/${file}`;
    if (!isDirectory(path.join(directory, to))) await copyTree(from, path.join(directory, to));
  }
  const written = path.join(directory, "deno.json");
  await Deno.writeTextFile(written, JSON.stringify({ nodeModulesDir: "none", imports }));
  return written;
}

/** A directory of each registry that anything came from. */
async function packageCaches(): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"], stderr: "null" }).output();
  const { npmCache }: { npmCache: string } = JSON.parse(new TextDecoder().decode(stdout));
  return [...Deno.readDirSync(npmCache)].map(({ name }) => path.join(npmCache, name));
}

function isDirectory(file: string): boolean {
  try {
    return Deno.statSync(file).isDirectory;
  } catch {
    return false;
  }
}

/** Whole or not at all: whoever comes later takes what is there. */
async function copyTree(from: string, to: string): Promise<void> {
  const part = `${to}.${crypto.randomUUID()}`;
  const copy = (source: string, target: string): void => {
    Deno.mkdirSync(target, { recursive: true });
    for (const { name, isDirectory } of Deno.readDirSync(source)) {
      if (isDirectory) copy(path.join(source, name), path.join(target, name));
      else Deno.copyFileSync(path.join(source, name), path.join(target, name));
    }
  };
  copy(from, part);
  try {
    await Deno.rename(part, to);
  } catch (error) {
    await Deno.remove(part, { recursive: true });
    if (!isDirectory(to)) throw error; // else another run was faster
  }
}
