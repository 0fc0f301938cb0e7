/** Makes the Debian packages with `dpkg-deb`, which dates all files with SOURCE_DATE_EPOCH. */
import * as path from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
import { VERSION } from "../../lib/system/version.ts";
import { tellStep } from "../progress.ts";
import { DATE, ROOT, run, withStage } from "./tools.ts";

/** Debian's name of a machine. */
export type DebianMachine = "amd64" | "arm64";

/**
 * The version for Debian. Debian sorts a pre-release with `~` before the release. A hyphen would begin Debian's
 * revision, and sort the pre-release after the release.
 */
export const DEBIAN_VERSION = VERSION.replace("-", "~");

/** Options of `dpkg-deb`. For 97 MB, xz's level 6 takes seven times as long, and makes 25 MB instead of 29. */
const COMPRESSION = ["-Zxz", "-z1"];

/** The packages that the program's runtime needs. The library needs none. */
const RUNTIME = "libc6 (>= 2.27), libgcc-s1, ";

/**
 * @returns `NAME <ADDRESS>` by the variables of Debian's own tools, DEBFULLNAME and DEBEMAIL; without them, the author
 *   of the last commit. The project has no domain, and an address that nobody reads would be worse than none.
 */
async function maintainer(): Promise<string> {
  const { DEBFULLNAME: name, DEBEMAIL: address } = Deno.env.toObject();
  if (name && address) return `${name} <${address}>`;
  return (await run("git", ["log", "-1", "--format=%an <%ae>"])).trim();
}

function control(machine: DebianMachine, hasProgram: boolean, kilobytes: number, by: string): string {
  const without = hasProgram ? "" : `
 .
 On this machine the program is the library, executed: it does run, hold,
 expose, path, wait and prune alone.`;
  return `Package: unsock
Version: ${DEBIAN_VERSION}
Architecture: ${machine}
Maintainer: ${by}
Installed-Size: ${kilobytes}
Depends: ${hasProgram ? RUNTIME : ""}passwd
Section: net
Priority: optional
Description: run programs with Unix sockets in place of IP sockets
 unsock runs unmodified programs whose TCP and UDP sockets become Unix
 sockets: files with owners and permissions instead of open ports. With a
 control file in place of the socket file they become vsock, TIPC or a
 Firecracker guest's sockets.${without}
`;
}

/** In Debian's machine-readable form. The text of the licence is on every Debian. */
const COPYRIGHT = `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: unsock

Files: *
Copyright: 2026 The unsock authors
License: Apache-2.0
 On Debian systems, the complete text of the Apache License version 2.0 is in
 /usr/share/common-licenses/Apache-2.0.
`;

function changelog(by: string): string {
  const date = new Date(Number(DATE) * 1000).toUTCString().replace("GMT", "+0000");
  return `unsock (${DEBIAN_VERSION}) unstable; urgency=medium

  * See /usr/share/doc/unsock/CHANGELOG.md.gz.

 -- ${by}  ${date}
`;
}

/** Writes a file, and compresses it with `gzip`, which then stores neither name nor time. */
async function compressed(file: string, content: string | Uint8Array): Promise<void> {
  await Deno.mkdir(path.dirname(file), { recursive: true });
  await Deno.writeFile(file, typeof content === "string" ? new TextEncoder().encode(content) : content);
  await run("gzip", ["-9nf", file]);
}

async function put(file: string, from: string, mode = 0o644): Promise<void> {
  await Deno.mkdir(path.dirname(file), { recursive: true });
  await Deno.copyFile(path.join(ROOT, "packaging", from), file);
  await Deno.chmod(file, mode);
}

/** Changes the tree for Debian, which has its own place for zsh's completions, and wants compressed manual pages. */
async function asDebian(usr: string): Promise<void> {
  const zsh = path.join(usr, "share/zsh");
  if (statOrUndefined(zsh) !== undefined) {
    await Deno.rename(path.join(zsh, "site-functions"), path.join(zsh, "vendor-completions"));
  }
  for (const section of ["man1", "man7"]) {
    const directory = path.join(usr, "share/man", section);
    if (statOrUndefined(directory) === undefined) continue;
    for (const { name } of Deno.readDirSync(directory)) await run("gzip", ["-9nf", path.join(directory, name)]);
  }
}

async function kilobytesOf(directory: string): Promise<number> {
  let kilobytes = 0;
  for (const { name, isDirectory } of Deno.readDirSync(directory)) {
    const file = path.join(directory, name);
    kilobytes += isDirectory ? 1 + await kilobytesOf(file) : Math.ceil((await Deno.lstat(file)).size / 1024);
  }
  return kilobytes;
}

/**
 * Makes `unsock_VERSION_MACHINE.deb`.
 *
 * @param out The directory for the package.
 * @param tree The files of `unsock install` below a prefix, for this machine.
 * @param hasProgram Whether `bin/unsock` of the tree is the whole command line.
 */
export async function makeDeb(out: string, machine: DebianMachine, tree: string, hasProgram: boolean): Promise<void> {
  const name = `unsock_${DEBIAN_VERSION}_${machine}.deb`;
  tellStep(name);
  await withStage(async (root) => {
    const usr = path.join(root, "usr");
    const by = await maintainer();
    await run("cp", ["-a", tree, usr]);
    await asDebian(usr);
    const doc = path.join(usr, "share/doc/unsock");
    await compressed(path.join(doc, "changelog"), changelog(by));
    await compressed(path.join(doc, "CHANGELOG.md"), await Deno.readFile(path.join(ROOT, "CHANGELOG.md")));
    await Deno.writeTextFile(path.join(doc, "copyright"), COPYRIGHT);
    await put(path.join(usr, "lib/tmpfiles.d/unsock.conf"), "tmpfiles.conf");
    await put(path.join(usr, "lib/sysusers.d/unsock.conf"), "sysusers.conf");
    await put(path.join(usr, "lib/sysctl.d/50-unsock.conf"), "sysctl.conf");
    await put(path.join(usr, "share/unsock/SKILL.md"), "SKILL.md");
    await put(path.join(usr, "share/lintian/overrides/unsock"), "deb/lintian-overrides");
    await put(path.join(root, "DEBIAN/postinst"), "deb/postinst", 0o755);
    const text = control(machine, hasProgram, await kilobytesOf(usr), by);
    await Deno.writeTextFile(path.join(root, "DEBIAN/control"), text);
    await run("chmod", ["-R", "u=rwX,go=rX", root]);
    const options = ["--root-owner-group", ...COMPRESSION, "--build", root, path.join(out, name)];
    await run("dpkg-deb", options, ROOT, { SOURCE_DATE_EPOCH: DATE });
  });
}
