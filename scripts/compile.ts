/**
 * Makes what is shipped: `dist/unsock` and `dist/libunsock.so`, an archive of both with manual pages and completions, one
 * of the library for the other machine, and `SHA256SUMS`.
 *
 * Usage: `deno task compile`. `deno compile` fetches the runtime to put into the binary, `denort`, by itself; without
 * network, DENORT_BIN names one of the same version. SOURCE_DATE_EPOCH dates the files in the archives.
 */
import * as path from "@std/path/posix";
import { VERSION } from "../lib/system/version.ts";
import { build, compilerIsThere } from "./build.ts";

const ROOT = path.join(import.meta.dirname ?? ".", "..");
const DIST = path.join(ROOT, "dist");

/**
 * What the binary may do, and why: read and write socket files, control files and itself; read the environment; call libc
 * and the library; ask for the kernel's version. It may not open the network or start processes by the runtime's means.
 */
const PERMISSIONS = [
  "--no-prompt",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-ffi",
  "--allow-sys=osRelease",
];

/** Where the archive's files come from, below what `unsock install` makes. */
const INSTALLED: Readonly<Record<string, string>> = {
  "man/unsock.1": "share/man/man1/unsock.1",
  "man/libunsock.7": "share/man/man7/libunsock.7",
  "completions/unsock.bash": "share/bash-completion/completions/unsock",
  "completions/_unsock": "share/zsh/site-functions/_unsock",
  "completions/unsock.fish": "share/fish/vendor_completions.d/unsock.fish",
};

async function run(program: string, args: readonly string[], cwd = ROOT): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args: [...args], cwd, stdout: "null" }).output();
  if (success) return;
  throw new Error(`${path.basename(program)} ${args[0] ?? ""}: ${firstReason(new TextDecoder().decode(stderr))}`);
}

/** The first cause of an error that the runtime prints with its causes and a stack, else the last line. */
function firstReason(text: string): string {
  // deno-lint-ignore no-control-regex
  const lines = text.replace(/\x1b\[[0-9;]*m/g, "").split("\n").map((line) => line.trim()).filter((line) =>
    line !== ""
  );
  const causes = lines.filter((line) => /^[01]: (?!<)/.test(line)).map((line) => line.slice(3).replace(/\.$/, ""));
  const error = lines.find((line) => line.startsWith("error: "))?.slice("error: ".length);
  return causes.length > 0 ? causes.join(": ") : error ?? lines.at(-1) ?? "it says nothing";
}

async function compileBinary(binary: string): Promise<void> {
  const part = `${binary}.${crypto.randomUUID()}`;
  // The code cache would be a file of a well-known name in /tmp, for anybody to put code into.
  const options = ["--quiet", "--no-code-cache", ...PERMISSIONS];
  const args = ["compile", ...options, "--include", "build/libunsock.so", "--output", part, "main.ts"];
  await run(Deno.execPath(), args).catch((error) => {
    throw new Error(`${error.message} (without network: DENORT_BIN=FILE, a denort ${Deno.version.deno})`);
  });
  if (await versionOf(part) !== VERSION) {
    await Deno.remove(part);
    const runtime = Deno.env.get("DENORT_BIN") || "denort";
    throw new Error(`${runtime}: what it makes does not run: is it a denort ${Deno.version.deno}?`);
  }
  await Deno.rename(part, binary);
}

async function versionOf(binary: string): Promise<string> {
  const { stdout } = await new Deno.Command(binary, { args: ["--version"], stderr: "null" }).output();
  return new TextDecoder().decode(stdout).trim();
}

async function sha256(file: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(file));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Packs `files`, names in the archive with where they are now, so that the same files make the same archive. */
async function pack(archive: string, name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const stage = await Deno.makeTempDir({ prefix: "unsock-dist-" });
  try {
    for (const [to, from] of Object.entries(files)) {
      const file = path.join(stage, name, to);
      await Deno.mkdir(path.dirname(file), { recursive: true });
      await Deno.copyFile(from, file);
    }
    const date = `--mtime=@${Deno.env.get("SOURCE_DATE_EPOCH") || "0"}`;
    const alike = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX", date];
    const part = `${archive}.part`;
    // Compressed by gzip as tar's child, which leaves no name and no time in its header.
    await run("tar", [...alike, "-czf", part, name], stage);
    await Deno.rename(part, archive);
    return archive;
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
}

const SHARED: Readonly<Record<string, string>> = {
  "README.md": path.join(ROOT, "README.md"),
  "LICENSE": path.join(ROOT, "LICENSE"),
};

async function makeArchives(binary: string, library: string): Promise<string[]> {
  const stage = await Deno.makeTempDir({ prefix: "unsock-dist-" });
  try {
    await run(binary, ["install", "--prefix", stage, "--lib", library]);
    const installed = Object.entries(INSTALLED).map(([to, from]) => [to, path.join(stage, from)]);
    const name = `unsock-${VERSION}-linux-${Deno.build.arch}`;
    const files = { ...SHARED, unsock: binary, "libunsock.so": library, ...Object.fromEntries(installed) };
    const archives = [await pack(path.join(DIST, `${name}.tar.gz`), name, files)];
    if (Deno.build.arch === "x86_64") archives.push(...await makeForeignArchive(path.join(stage, LIBRARY_MANUAL)));
    return archives;
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
}

const LIBRARY_MANUAL = "share/man/man7/libunsock.7";

/** The library alone: `denort` of another machine is not to be had everywhere, and guests need nothing else. */
async function makeForeignArchive(manual: string): Promise<string[]> {
  if (!await compilerIsThere("aarch64")) {
    console.error("compile: no library for aarch64: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross");
    return [];
  }
  const [library = ""] = await build(["--target=aarch64"]);
  const name = `libunsock-${VERSION}-linux-aarch64`;
  const files = { ...SHARED, "libunsock.so": path.join(ROOT, library), "man/libunsock.7": manual };
  return [await pack(path.join(DIST, `${name}.tar.gz`), name, files)];
}

async function compile(): Promise<void> {
  await build([]);
  await Deno.mkdir(DIST, { recursive: true });
  const binary = path.join(DIST, "unsock");
  const library = path.join(DIST, "libunsock.so");
  await compileBinary(binary);
  await Deno.copyFile(path.join(ROOT, "build", "libunsock.so"), library);
  const files = [binary, library, ...await makeArchives(binary, library)];
  const sums = await Promise.all(files.map(async (file) => `${await sha256(file)}  ${path.basename(file)}\n`));
  await Deno.writeTextFile(path.join(DIST, "SHA256SUMS"), sums.join(""));
  for (const file of [...files, path.join(DIST, "SHA256SUMS")]) console.log(path.relative(ROOT, file));
}

if (import.meta.main) {
  try {
    await compile();
  } catch (error) {
    console.error(`compile: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
