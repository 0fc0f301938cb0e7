/**
 * An old Debian to compile and run against: glibc 2.31 still has `dlsym` in libdl and cancellation points in libpthread.
 * Fetched from the mirror that apt uses, checked by Debian's keys and unpacked under build/, never installed; no privileges.
 */
import { join, relative } from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
import { ROOT } from "../support/foreign.ts";
import { run } from "../support/process.ts";

/** The oldest release that ordinary mirrors still carry. */
const RELEASE = "bullseye";
const PACKAGES = ["libc6-dev", "python3-minimal"];
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const TIMEOUT_MS = 180_000;

/** Where its parts are, as absolute paths. */
export interface OldRoot {
  readonly directory: string;
  /** The dynamic linker. */
  readonly linker: string;
  /** The directory of the C library. */
  readonly libraries: string;
}

let root: Promise<OldRoot> | undefined;

/**
 * Finds the unpacked root in the cache, or fetches it.
 *
 * @throws {Error} when a package cannot be had, with apt's own words.
 */
export function oldRoot(): Promise<OldRoot> {
  return root ??= findOrFetch();
}

async function findOrFetch(): Promise<OldRoot> {
  const directory = join(ROOT, "build", "libcs", RELEASE);
  const libraries = join(directory, "lib", `${Deno.build.arch}-linux-gnu`);
  if (statOrUndefined(libraries) === undefined) await fetchInto(directory);
  return { directory, libraries, linker: join(libraries, "ld-2.31.so") };
}

/** Whether apt is there and the release's keys: else it is no Debian that could fetch an older one. */
export function canFetchOldRoot(): boolean {
  return [join(ROOT, "build", "libcs", RELEASE), KEYRING].some((file) => statOrUndefined(file) !== undefined);
}

async function fetchInto(directory: string): Promise<void> {
  const parent = join(ROOT, "build", "libcs");
  await Deno.mkdir(parent, { recursive: true });
  const work = await Deno.makeTempDir({ dir: parent, prefix: "fetch" });
  try {
    const archives = await download(work);
    const unpacked = join(work, "root");
    for (const archive of archives) await succeed(["dpkg", "-x", archive, unpacked]);
    for (const links of ["lib64", `usr/lib/${Deno.build.arch}-linux-gnu`]) makeRelative(unpacked, links);
    await Deno.rename(unpacked, directory);
  } catch (error) {
    // Another run may have been faster; then its root is there.
    if (statOrUndefined(directory) === undefined) throw error;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** Debian's links to libraries are absolute: seen from outside, they would lead to this machine's. */
function makeRelative(root: string, directory: string): void {
  for (const { name, isSymlink } of Deno.readDirSync(join(root, directory))) {
    const link = join(root, directory, name);
    const target = isSymlink ? Deno.readLinkSync(link) : "";
    if (!target.startsWith("/")) continue;
    Deno.removeSync(link);
    Deno.symlinkSync(relative(join("/", directory), target), link);
  }
}

/** An apt of its own, that knows of no installed package: it takes all that the packages depend on. */
async function download(work: string): Promise<string[]> {
  for (const made of ["state/lists/partial", "cache/archives/partial"]) {
    await Deno.mkdir(join(work, made), { recursive: true });
  }
  const sources = join(work, "sources.list");
  await Deno.writeTextFile(sources, `deb [signed-by=${KEYRING}] ${await mirror()} ${RELEASE} main\n`);
  const settings = {
    "APT::Sandbox::User": "",
    // It locks its configured directories besides those below, which only root may do.
    "Debug::NoLocking": "1",
    "APT::Install-Recommends": "false",
    "Acquire::Retries": "3",
    "Dir::State": join(work, "state"),
    "Dir::State::status": "/dev/null",
    "Dir::Cache": join(work, "cache"),
    "Dir::Etc::sourcelist": sources,
    "Dir::Etc::sourceparts": "/dev/null",
  };
  const apt = [
    "apt-get",
    "-q",
    "-y",
    ...Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
  ];
  await succeed([...apt, "update"]);
  await succeed([...apt, "--download-only", "install", ...PACKAGES]);
  const archives = join(work, "cache", "archives");
  return [...Deno.readDirSync(archives)].filter(({ name }) => name.endsWith(".deb")).map(({ name }) =>
    join(archives, name)
  );
}

/** @returns The mirror with this machine's own release; those of security updates have other paths. */
export async function mirror(): Promise<string> {
  const sites = (await succeed(["apt-get", "indextargets", "--format", "$(SITE)"])).split("\n");
  const site = sites.find((line) => /^https?:.*\/debian\/?$/.test(line));
  if (site === undefined) throw new Error("apt knows no mirror of Debian: run apt-get update first");
  return site;
}

async function succeed(command: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(command, { env: { LC_ALL: "C" }, timeoutMs: TIMEOUT_MS });
  if (code !== 0) throw new Error(`${command.join(" ")}: exit status ${code}\n${stderr}`);
  return stdout;
}
