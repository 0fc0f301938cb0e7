/** The guest's file system: busybox, the C library, the library, the test programs and the checks. */
import { basename, dirname, fromFileUrl, join } from "@std/path/posix";
import { readBlocks } from "../docs/page.ts";
import { findProgram } from "../support/programs.ts";
import { run } from "../support/process.ts";
import { libraryFile } from "../support/library.ts";
import {
  controlFile,
  firecrackerFile,
  sockaddrTipc,
  sockaddrVsock,
  VSOCK_CID_ANY,
  VSOCK_CID_LOCAL,
} from "../support/control.ts";
import { cpio, type Entry } from "./cpio.ts";
import { type Kernel, readModule } from "./kernel.ts";

const GUEST = join(dirname(fromFileUrl(import.meta.url)), "guest");

/** In the order of their dependencies. */
const MODULES = [
  "vsock",
  "vmw_vsock_virtio_transport_common",
  "vsock_loopback",
  "udp_tunnel",
  "ip6_udp_tunnel",
  "tipc",
];

/** Our C programs of the guest: their source files in tests/vm/guest, and flags for the compiler. */
const PROGRAMS: Record<string, string[]> = {
  confined: ["confined.c"],
  "confined-static": ["confined.c", "-static"],
  endings: ["endings.c", "report.c"],
  "endings-static": ["endings.c", "report.c", "-static"],
  leave: ["leave.c"],
  native: ["native.c", "exchange.c", "report.c"],
  packets: ["packets.c", "report.c"],
  "packets-static": ["packets.c", "report.c", "-static"],
  peer: ["peer.c", "exchange.c", "report.c"],
  rates: ["../../machines/bench/rates.c"],
  "peer-static": ["peer.c", "exchange.c", "report.c", "-static"],
};

/** The files that the library as a program must write. */
const EXPECTED: Record<string, Uint8Array> = {
  vsock_any: controlFile({ dest: sockaddrVsock(VSOCK_CID_ANY, 5678) }),
  vsock_local: controlFile({ dest: sockaddrVsock(VSOCK_CID_LOCAL, 5678) }),
  firecracker: firecrackerFile("/run/fc/v.sock", 5678),
  tipc: controlFile({ dest: sockaddrTipc({ type: 128, lower: 99 }) }),
};

/** The output of tests/vm/guest/endings.c over TCP, story by story. */
export const ENDINGS: Record<string, string> = {
  close: "FIONREAD answers, 300000 bytes, then the end of file",
  half: "7 bytes, then the end of file",
  dup: "7 bytes, then the end of file",
  unread: "0 bytes, then ECONNRESET",
  write: "poll OUT|RDHUP, a write is taken, the next one EPIPE",
  again: "recv 0, recv 0, a write EPIPE",
  both: "read 0, recv 0, recv 0, a write EPIPE",
  pipe: "a write EPIPE",
  fork: "15 bytes, then the end of file",
  "read-shut": "recv 0, recvfrom 0, recvmsg 0, recvmmsg 1 of 0, a write 1",
  second: "a second server: EADDRINUSE",
  quit: "300000 bytes, then the end of file",
};

/** The output of `endings nobody` over TCP: nonblocking connects, where nobody listens. */
export const NOBODY = [
  "EINPROGRESS, poll ERR, SO_ERROR ECONNREFUSED, ECONNABORTED, EINPROGRESS, ECONNREFUSED\n",
  "EINPROGRESS, poll ERR, ECONNREFUSED, EINPROGRESS, ECONNREFUSED\n",
].join("");

/** The kernel's own differences, in the guest. */
const OF_TIPC = {
  ...Object.fromEntries(
    Object.entries(ENDINGS).map(([story, told]) => [story, told.replace("the end of file", "ECONNRESET")]),
  ),
  write: "poll others, a write is ECONNRESET, the next one EPIPE",
  again: "recv -1, recv -1, a write EPIPE",
};
const OF_VSOCK = { ...ENDINGS, unread: "0 bytes, then the end of file" };

function stories(told: Record<string, string>): Uint8Array {
  const lines = Object.entries(told).map(([story, what]) => `${story}: ${what}\n`);
  return new TextEncoder().encode(lines.join(""));
}

/** Additions for another guest. */
export interface More {
  /** Modules of its kernel, after MODULES. */
  readonly modules?: readonly string[];
  /** The script it runs in place of guest/checks. */
  readonly checks?: string;
  /** More scripts for it, by their paths. */
  readonly scripts?: readonly string[];
  /** Programs of this machine. */
  readonly programs?: readonly string[];
  /** More C programs: the paths of their source files, and flags. */
  readonly compiled?: Readonly<Record<string, readonly string[]>>;
  /** More of anything. Of two entries of one path, the later one counts. */
  readonly entries?: readonly Entry[];
}

/**
 * Compiles a program of the guest; it also runs here.
 *
 * @param name One of PROGRAMS.
 * @param directory Where to put it.
 * @returns The executable's path.
 * @throws {Error} with the compiler's output.
 */
export async function compile(name: string, directory: string): Promise<string> {
  const sources = PROGRAMS[name];
  if (sources === undefined) throw new Error(`no program ${name}`);
  return await compileFiles(
    name,
    sources.map((source) => source.startsWith("-") ? source : join(GUEST, source)),
    directory,
  );
}

/**
 * Compiles a program of other source files.
 *
 * @param name Its name.
 * @param files The paths of its source files, and flags for the compiler.
 * @param directory Where to put it.
 * @returns The executable's path.
 * @throws {Error} with the compiler's output.
 */
async function compileFiles(name: string, files: readonly string[], directory: string): Promise<string> {
  const output = join(directory, name);
  const flags = "-std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror".split(" ");
  const { code, stderr } = await run(["cc", ...flags, "-o", output, ...files]);
  if (code !== 0) throw new Error(`cc ${name}: exit status ${code}\n${stderr}`);
  return output;
}

/**
 * Makes the initial file system.
 *
 * @param kernel Its modules go in.
 * @param directory Where the compiled programs and the archive go.
 * @param more Additions for another guest.
 * @returns The archive's path.
 */
export async function makeImage(kernel: Kernel, directory: string, more: More = {}): Promise<string> {
  const library = libraryFile();
  const modules = [...MODULES, ...more.modules ?? []];
  const entries = [
    await file("init", join(GUEST, "init"), 0o755),
    await file("bin/busybox", programPath("busybox"), 0o755),
    await file("usr/local/lib/libunsock.so", library, 0o755),
    // A root directory with nothing else in it, for the library as a program without a C library.
    await file("empty/libunsock.so", library, 0o755),
    { kind: "directory", path: "empty/out" } as const,
    data("guest/modules", new TextEncoder().encode(modules.join("\n") + "\n")),
    documented("iperf", "control", "UNSOCK_FILE="),
    documented("iperf", "serve", "iperf -s", 1),
    documented("security", "profile", "mrix"),
    data("guest/expected/nobody", new TextEncoder().encode(NOBODY)),
    data("guest/expected/endings_tipc", stories(OF_TIPC)),
    data("guest/expected/endings_vsock", stories(OF_VSOCK)),
    ...Object.entries(EXPECTED).map(([name, bytes]) => data(`guest/expected/${name}`, bytes)),
    await file("guest/checks", more.checks ?? join(GUEST, "checks"), 0o644),
    await file("guest/support", join(GUEST, "support"), 0o644),
    ...await Promise.all((more.scripts ?? []).map((path) => file(`guest/${basename(path)}`, path, 0o644))),
    ...await Promise.all(modules.map((name) => moduleEntry(kernel, name))),
    ...await programs(directory, more),
    ...["dev", "proc", "sys", "tmp"].map((path) => ({ kind: "directory", path }) as const),
    ...more.entries ?? [],
  ];
  const archive = join(directory, "initramfs");
  await Deno.writeFile(archive, cpio(new Map(entries.map((entry) => [entry.path, entry])).values()));
  return archive;
}

/** A block of a page that is for a guest. */
function documented(page: string, name: string, part: string, nth = 0): Entry {
  const block = readBlocks(page).filter(({ text }) => text.includes(part))[nth];
  if (block === undefined) throw new Error(`docs/${page}.md has no ${part}`);
  return data(`guest/docs/${name}`, new TextEncoder().encode(block.text));
}

async function programs(directory: string, more: More): Promise<Entry[]> {
  const names = ["iperf", "strace", ...more.programs ?? []];
  const others = Object.entries(more.compiled ?? {});
  const compiled = await Promise.all([
    ...Object.keys(PROGRAMS).map((name) => compile(name, directory)),
    ...others.map(([name, files]) => compileFiles(name, files, directory)),
  ]);
  const own = names.map(programPath);
  const libraries = new Set((await Promise.all([...compiled, ...own].map((program) => librariesOf(program)))).flat());
  return await Promise.all([
    ...compiled.map((path) => file(`guest/${path.slice(directory.length + 1)}`, path, 0o755)),
    ...own.map((path, index) => file(`bin/${names[index]}`, path, 0o755)),
    ...[...libraries].map((path) => file(path.slice(1), path, 0o755)),
  ]);
}

/**
 * @param program A program of this machine.
 * @param place Its path in the guest, without the leading slash.
 * @param env More of the dynamic linker's environment, with which it finds the libraries.
 * @returns The program, and under their own paths the libraries that it is linked with.
 */
export async function programEntries(
  program: string,
  place: string,
  env: Record<string, string> = {},
): Promise<Entry[]> {
  const libraries = await librariesOf(program, env);
  return await Promise.all([
    file(place, program, 0o755),
    ...libraries.map((path) => file(path.slice(1), path, 0o755)),
  ]);
}

/** Asks the dynamic linker; the paths are those that it will look at in the guest too. */
async function librariesOf(program: string, env: Record<string, string> = {}): Promise<string[]> {
  const { stdout } = await run(["ldd", program], { env });
  return [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path ?? "");
}

async function moduleEntry(kernel: Kernel, name: string): Promise<Entry> {
  return { kind: "file", path: `modules/${name}.ko`, mode: 0o644, bytes: await readModule(kernel, name) };
}

/** @returns A file of the guest, from one of this machine. */
export async function file(path: string, source: string, mode: number): Promise<Entry> {
  return { kind: "file", path, mode, bytes: await Deno.readFile(source) };
}

function data(path: string, bytes: Uint8Array): Entry {
  return { kind: "file", path, mode: 0o644, bytes };
}

function programPath(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is missing`);
  return path;
}
