/** Debian's kernels, and a shell for their machines: fetched and unpacked below build/kernels, never installed. */
import { join } from "@std/path/posix";
import { Archive } from "./archive.ts";
import { ARCHITECTURES, type Series } from "./series.ts";

/** Packages that a kernel's package depends on since Debian 14; its modules are not needed. */
const IMAGE = /^linux-(image|binary)-\d/;

export interface Kernel {
  /** The compressed kernel, as qemu wants it. */
  readonly image: string;
  /** A static busybox, which is the guest's /bin/sh. */
  readonly shell: string;
}

/**
 * Finds the kernel in the cache, or fetches the newest of its series.
 *
 * @param series Which.
 * @param cache The absolute directory to keep it in; made if missing.
 * @returns Its files.
 * @throws {Error} when it cannot be had.
 */
export async function fetchKernel(series: Series, cache: string): Promise<Kernel> {
  const directory = join(cache, series.name);
  const found = find(directory);
  if (found !== undefined) return found;
  const architecture = ARCHITECTURES[series.machine];
  const archive = await Archive.open(`${directory}.apt`, series.suites, architecture);
  const images = await archive.dependencies(`linux-image-cloud-${architecture}`, IMAGE);
  const parts = (await Promise.all(images.map((name) => archive.dependencies(name, IMAGE)))).flat();
  await archive.unpack([...images, ...parts, "busybox-static"], directory);
  const kernel = find(directory);
  if (kernel === undefined) throw new Error(`no kernel is in ${[...images, ...parts].join(", ")}`);
  return kernel;
}

function find(directory: string): Kernel | undefined {
  const places = ["boot", "usr/lib/modules", "lib/modules"].map((name) => join(directory, name));
  const image = places.flatMap((place) => filesBelow(place, 2)).find((file) => /\/vmlinuz(-[^/]*)?$/.test(file));
  const programs = ["bin", "usr/bin"].flatMap((name) => filesBelow(join(directory, name), 1));
  const shell = programs.find((file) => file.endsWith("/busybox"));
  return image && shell ? { image, shell } : undefined;
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
