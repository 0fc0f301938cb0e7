/** The kernel that the guest boots: Debian's cloud kernel, fetched and unpacked under build/vm, never installed. */
import { join } from "@std/path/posix";
import { succeed, unpackPackages } from "./packages.ts";

/** The package that depends on the newest one with a kernel in it. */
const META_PACKAGE = "linux-image-cloud-amd64";

export interface Kernel {
  /** The compressed kernel, as a boot loader wants it. */
  image: string;
  /** The directory below which the modules are. */
  modules: string;
}

/**
 * Finds the unpacked kernel in the cache, or fetches it with apt-get. Needs no privileges.
 *
 * @param cache Where to keep it; made if missing.
 * @returns Where its parts are.
 * @throws {Error} when the package cannot be had, with apt's own words.
 */
export async function fetchKernel(cache: string): Promise<Kernel> {
  const directory = join(cache, "kernel");
  return find(directory) ?? await download(directory);
}

function find(directory: string): Kernel | undefined {
  const [image] = filesBelow(join(directory, "boot")).filter((file) => /\/vmlinuz-[^/]*$/.test(file));
  if (image === undefined) return undefined;
  const merged = join(directory, "usr", "lib", "modules");
  return { image, modules: isDirectory(merged) ? merged : join(directory, "lib", "modules") };
}

async function download(directory: string): Promise<Kernel> {
  try {
    await unpackPackages(
      directory,
      async (work) => await succeed(["apt-get", "download", await newestPackage()], work),
    );
  } catch (error) {
    // Another run may have been faster; then its kernel is there.
    if (find(directory) === undefined) throw error;
  }
  const kernel = find(directory);
  if (kernel === undefined) throw new Error(`the package of ${META_PACKAGE} has no kernel`);
  return kernel;
}

async function newestPackage(): Promise<string> {
  const text = await succeed(["apt-cache", "depends", META_PACKAGE], "/");
  const name = /^\s*Depends: (linux-image-\S+)$/m.exec(text)?.[1];
  if (name === undefined) throw new Error(`apt-cache knows no package ${META_PACKAGE}: run apt-get update first`);
  return name;
}

/**
 * Reads one of the kernel's modules, decompressed.
 *
 * @param kernel From fetchKernel.
 * @param name As in lsmod.
 * @returns The bytes of NAME.ko.
 * @throws {Error} when the kernel has no such module.
 */
export async function readModule(kernel: Kernel, name: string): Promise<Uint8Array> {
  const pattern = new RegExp(`/${name}\\.ko(\\.xz)?$`);
  const file = filesBelow(kernel.modules).find((path) => pattern.test(path));
  if (file === undefined) throw new Error(`${kernel.modules} has no module ${name}`);
  if (!file.endsWith(".xz")) return await Deno.readFile(file);
  const { success, stdout } = await new Deno.Command("xz", { args: ["-dc", file], stderr: "inherit" }).output();
  if (!success) throw new Error(`xz cannot decompress ${file}`);
  return stdout;
}

function filesBelow(directory: string): string[] {
  if (!isDirectory(directory)) return [];
  return [...Deno.readDirSync(directory)].flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory ? filesBelow(path) : [path];
  });
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
