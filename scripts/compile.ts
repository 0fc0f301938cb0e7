/**
 * Makes what is shipped: `dist/unsock` and `dist/libunsock.so`, an archive of both with manual pages and completions, and
 * `SHA256SUMS`.
 *
 * Usage: `deno task compile`. `deno compile` fetches the runtime to put into the binary, `denort`, by itself; without
 * network, DENORT_BIN names one of the same version.
 */
import * as path from "node:path";
import { VERSION } from "../lib/version.ts";
import { build } from "./build.ts";

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
  const part = `${binary}.part`;
  // The code cache would be a file of a well-known name in /tmp, for anybody to put code into.
  const options = ["--quiet", "--no-code-cache", ...PERMISSIONS];
  const args = ["compile", ...options, "--include", "build/libunsock.so", "--output", part, "main.ts"];
  await run(Deno.execPath(), args).catch((error) => {
    throw new Error(`${error.message} (without network: DENORT_BIN=FILE, a denort ${Deno.version.deno})`);
  });
  await Deno.rename(part, binary);
}

async function sha256(file: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", await Deno.readFile(file));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function copyIfThere(from: string, to: string): Promise<void> {
  await Deno.copyFile(from, to).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

async function makeArchive(binary: string): Promise<string> {
  const name = `unsock-${VERSION}-linux-${Deno.build.arch}`;
  const stage = await Deno.makeTempDir({ prefix: "unsock-dist-" });
  try {
    const prefix = path.join(stage, "prefix");
    await run(binary, ["install", "--prefix", prefix, "--lib", path.join(DIST, "libunsock.so")]);
    for (const directory of ["man", "completions"]) {
      await Deno.mkdir(path.join(stage, name, directory), { recursive: true });
    }
    for (const file of ["unsock", "libunsock.so"]) {
      await Deno.copyFile(path.join(DIST, file), path.join(stage, name, file));
    }
    for (const file of ["README.md", "LICENSE"]) await copyIfThere(path.join(ROOT, file), path.join(stage, name, file));
    for (const [to, from] of Object.entries(INSTALLED)) {
      await Deno.copyFile(path.join(prefix, from), path.join(stage, name, to));
    }
    const archive = path.join(DIST, `${name}.tar.gz`);
    await run("tar", ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "-czf", archive, name], stage);
    return archive;
  } finally {
    await Deno.remove(stage, { recursive: true });
  }
}

async function compile(): Promise<void> {
  await build([]);
  await Deno.mkdir(DIST, { recursive: true });
  const binary = path.join(DIST, "unsock");
  await compileBinary(binary);
  await Deno.copyFile(path.join(ROOT, "build", "libunsock.so"), path.join(DIST, "libunsock.so"));
  const archive = await makeArchive(binary);
  const files = [binary, path.join(DIST, "libunsock.so"), archive];
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
