/**
 * Fetches packages of other releases and machines from the mirror that this machine uses: by apt, with a state directory
 * of its own, so that nothing on this machine changes. Needs no privileges.
 */
import { join } from "@std/path/posix";
import { run } from "../support/process.ts";

const TIMEOUT_MS = 300_000;

/** The packages of some releases, for one architecture. */
export class Archive {
  readonly #config: string;

  private constructor(config: string) {
    this.#config = config;
  }

  /**
   * Fetches the lists of packages.
   *
   * @param directory Where they are kept, an absolute path; made if missing.
   * @param suites Names of releases. The newest version of a package counts, whichever has it.
   * @param architecture As Debian calls it.
   * @param kind `deb` for packages that are built, `deb-src` for their sources.
   * @throws {Error} with apt's own words.
   */
  static async open(
    directory: string,
    suites: readonly string[],
    architecture: string,
    kind: "deb" | "deb-src" = "deb",
  ): Promise<Archive> {
    for (const name of ["lists/partial", "cache/archives/partial", "none"]) {
      await Deno.mkdir(join(directory, name), { recursive: true });
    }
    const { site, keyring } = await findMirror();
    const signed = keyring === "" ? "" : `[signed-by=${keyring}] `;
    const sources = suites.map((suite) => `${kind} ${signed}${site} ${suite} main\n`).join("");
    // Releases that are not to be upgraded to by accident (experimental) are as good as others here.
    const preferences = "Package: *\nPin: release *\nPin-Priority: 500\n";
    const settings = `
      Dir::State "${directory}"; Dir::State::status "${directory}/status"; Dir::Cache "${directory}/cache";
      Dir::Etc::sourcelist "${directory}/sources.list"; Dir::Etc::sourceparts "${directory}/none";
      Dir::Etc::preferences "${directory}/preferences"; Dir::Etc::preferencesparts "${directory}/none";
      APT::Architecture "${architecture}"; APT::Architectures { "${architecture}"; };
      APT::Sandbox::User ""; Debug::NoLocking "1"; Acquire::Languages "none"; Acquire::Retries "3";`;
    const files = { "sources.list": sources, preferences, "apt.conf": settings, status: "" };
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(directory, name), text);
    const archive = new Archive(join(directory, "apt.conf"));
    await archive.#apt(["apt-get", "-q", "update"], directory);
    return archive;
  }

  /**
   * @param name A package's name.
   * @param pattern For names.
   * @returns Those that its newest version depends on and that fit.
   * @throws {Error} when there is no such package.
   */
  async dependencies(name: string, pattern: RegExp): Promise<string[]> {
    const text = await this.#apt(["apt-cache", "depends", name], "/");
    const names = Array.from(text.matchAll(/^\s*Depends: (\S+)$/gm), (match) => match[1] ?? "");
    return names.filter((one) => pattern.test(one));
  }

  /**
   * Downloads packages and unpacks them.
   *
   * @param names Their names.
   * @param directory Where to unpack them, one over the other; it must not be there, and is there only when all is in it.
   * @throws {Error} with apt's own words.
   */
  async unpack(names: readonly string[], directory: string): Promise<void> {
    const work = `${directory}.${crypto.randomUUID()}`;
    await Deno.mkdir(work, { recursive: true });
    try {
      await this.#apt(["apt-get", "download", ...names], work);
      for (const { name } of [...Deno.readDirSync(work)]) {
        await this.#apt(["dpkg", "-x", join(work, name), join(work, "root")], work);
      }
      await Deno.rename(join(work, "root"), directory);
    } finally {
      await Deno.remove(work, { recursive: true });
    }
  }

  /**
   * Downloads what a project has released and Debian has packed, without Debian's changes, and unpacks it.
   *
   * @param name A source package's name.
   * @param directory Where to unpack it; it must not be there, and is there only when all is in it.
   * @throws {Error} with apt's own words.
   */
  async unpackSource(name: string, directory: string): Promise<void> {
    const work = `${directory}.${crypto.randomUUID()}`;
    await Deno.mkdir(join(work, "tree"), { recursive: true });
    try {
      // Parts of the source that are not unpacked here may be missing on a mirror.
      const fetched = this.#apt(["apt-get", "-q", "source", "--download-only", "--tar-only", name], work);
      const failure: unknown = await fetched.then(() => undefined, (error) => error);
      const files = Array.from(Deno.readDirSync(work), (entry) => entry.name);
      // Parts that are released apart have a word more in their names.
      const main = files.find((file) => /\.orig\.tar\.\w+$/.test(file));
      if (main === undefined) throw failure ?? new Error(`no release is in ${files.join(", ")}`);
      await this.#apt(["tar", "--strip-components=1", "--no-same-owner", "-C", "tree", "-xf", main], work);
      await Deno.rename(join(work, "tree"), directory);
    } finally {
      await Deno.remove(work, { recursive: true });
    }
  }

  async #apt(command: string[], cwd: string): Promise<string> {
    return await succeed(command, cwd, { APT_CONFIG: this.#config });
  }
}

/** Where this machine's own packages come from, and what signs them. */
async function findMirror(): Promise<{ site: string; keyring: string }> {
  const format = "$(SITE) $(COMPONENT) $(CREATED_BY) $(SIGNED_BY)";
  const targets = await succeed(["apt-get", "indextargets", "--format", format], "/");
  const [, site, keyring] = /^(https?:\S+\/debian\/?) main Packages ?(\/\S+)?$/m.exec(targets) ?? [];
  return { site: site ?? "http://deb.debian.org/debian", keyring: keyring ?? "" };
}

async function succeed(command: string[], cwd: string, env: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await run(command, { cwd, env: { LC_ALL: "C", ...env }, timeoutMs: TIMEOUT_MS });
  if (code !== 0) throw new Error(`${command.join(" ")}: exit status ${code}\n${stderr}`);
  return stdout;
}
