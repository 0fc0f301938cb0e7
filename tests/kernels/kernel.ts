/** Debian's kernels, fetched and unpacked below build/kernels, never installed. */
import { join } from "@std/path/posix";
import { Archive } from "./archive.ts";
import { ARCHITECTURES, type Series } from "./series.ts";

/** What a kernel's package is made of besides itself, since Debian 14; its modules are not needed. */
const IMAGE = /^linux-(image|binary)-\d/;

/**
 * Finds the kernel in the cache, or fetches the newest of its series.
 *
 * @param series Which.
 * @param cache The absolute directory to keep it in; made if missing.
 * @returns The path of the compressed kernel.
 * @throws {Error} when it cannot be had.
 */
export async function fetchKernel(series: Series, cache: string): Promise<string> {
  const directory = join(cache, series.name);
  const found = find(directory);
  if (found !== undefined) return found;
  const architecture = ARCHITECTURES[series.machine];
  const archive = await Archive.open(`${directory}.apt`, series.suites, architecture);
  const images = await archive.dependencies(`linux-image-cloud-${architecture}`, IMAGE);
  const parts = (await Promise.all(images.map((name) => archive.dependencies(name, IMAGE)))).flat();
  await archive.unpack([...images, ...parts], directory);
  const kernel = find(directory);
  if (kernel === undefined) throw new Error(`no kernel is in ${[...images, ...parts].join(", ")}`);
  return kernel;
}

function find(directory: string): string | undefined {
  const places = ["boot", "usr/lib/modules", "lib/modules"].map((name) => join(directory, name));
  return places.flatMap((place) => filesBelow(place, 2)).find((file) => /\/vmlinuz(-[^/]*)?$/.test(file));
}

function filesBelow(directory: string, depth: number): string[] {
  try {
    return [...Deno.readDirSync(directory)].flatMap((entry) => {
      const path = join(directory, entry.name);
      return !entry.isDirectory ? [path] : depth > 1 ? filesBelow(path, depth - 1) : [];
    });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
