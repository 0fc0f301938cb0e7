/** Finding a command's file and judging it: `lib/run/program.ts`, on a file system that does not exist. */
import { assert, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import { CommandError } from "../../lib/system/errors.ts";
import { findProgram, inspectProgram } from "../../lib/run/program.ts";
import type { FileStatus, System } from "../../lib/system/linux.ts";
import type { ByteSource } from "../../lib/system/elf.ts";
import { elfImage, type ElfOptions } from "./elf_image.ts";

interface FakeFile {
  readonly content?: string | ElfOptions;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly capabilities?: boolean;
  readonly directory?: boolean;
  /** `stat` fails with it. */
  readonly error?: Error;
}

const HERE = Deno.build.arch === "aarch64" ? 183 : 62;
const LD = "/lib64/ld-linux-x86-64.so.2";
const DYNAMIC: ElfOptions = { interpreter: LD, machine: HERE };

/** Everything is owned by root and executable unless it says otherwise; the user is 1000. */
class FakeSystem implements System {
  readonly uid: number;
  readonly euid: number;
  readonly gid = 1000;
  readonly egid = 1000;

  constructor(readonly files: Record<string, FakeFile>, uid = 1000) {
    this.uid = this.euid = uid;
  }

  stat(file: string): FileStatus {
    const found = this.files[file];
    if (found === undefined) throw new Deno.errors.NotFound();
    if (found.error !== undefined) throw found.error;
    const { directory = false, mode = 0o755, uid = 0, gid = 0 } = found;
    return { isDirectory: directory, isFile: !directory, mode, uid, gid };
  }

  isExecutable(file: string): boolean {
    return (this.stat(file).mode & 0o111) !== 0;
  }

  hasCapabilities(file: string): boolean {
    return this.files[file]?.capabilities === true;
  }

  withBytes<T>(file: string, use: (source: ByteSource) => T): T | undefined {
    const content = this.files[file]?.content;
    if (content === undefined) return undefined;
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : elfImage(content);
    return use({ read: (offset, length) => bytes.slice(offset, offset + length) });
  }
}

function findError(command: string, path: string | undefined, files: Record<string, FakeFile>): CommandError {
  try {
    findProgram(command, path, new FakeSystem(files));
  } catch (error) {
    assert(error instanceof CommandError);
    return error;
  }
  throw new Error("it was found");
}

function problem(files: Record<string, FakeFile>, uid = 1000, file = "/bin/x"): string | undefined {
  return inspectProgram(file, "/bin", new FakeSystem(files, uid)).at(-1)?.problem;
}

function trapped(files: Record<string, FakeFile>, uid = 1000, file = "/bin/x"): string | undefined {
  return inspectProgram(file, "/bin", new FakeSystem(files, uid)).at(-1)?.trapped;
}

Deno.test("findProgram() searches PATH as execvp does", () => {
  const system = new FakeSystem({ "/b/x": {}, "/c/x": {}, "./x": {}, "/bin/y": {} });
  assertStrictEquals(findProgram("x", "/a:/b:/c", system), "/b/x");
  assertStrictEquals(findProgram("x", "/a::/c", system), "./x"); // an empty entry is the working directory
  assertStrictEquals(findProgram("/c/x", "/b", system), "/c/x");
  assertStrictEquals(findProgram("y", undefined, system), "/bin/y");
});

Deno.test("findProgram() goes on behind a file that cannot be executed, and remembers it", () => {
  assertStrictEquals(findProgram("x", "/a:/b", new FakeSystem({ "/a/x": { mode: 0o644 }, "/b/x": {} })), "/b/x");
  assertStrictEquals(findError("x", "/a:/b", { "/a/x": { mode: 0o644 } }).exitCode, 126);
});

Deno.test("findProgram() says 127 for nothing there, 126 for something that is no program", () => {
  assertStrictEquals(findError("x", "/a", {}).exitCode, 127);
  assertStrictEquals(findError("", "/a", {}).exitCode, 127);
  assertStrictEquals(findError("/a/x", "", {}).exitCode, 127);
  assertStrictEquals(findError("/a", "", { "/a": { directory: true } }).exitCode, 126);
  assertStrictEquals(findError("/a", "", { "/a": { error: new Deno.errors.PermissionDenied() } }).exitCode, 126);
  assertStrictEquals(findError("/a/x", "", { "/a/x": { error: new Deno.errors.NotADirectory() } }).exitCode, 126);
});

Deno.test("inspectProgram() has nothing against dynamic programs, of glibc and of musl", () => {
  assertStrictEquals(problem({ "/bin/x": { content: DYNAMIC } }), undefined);
  assertStrictEquals(
    problem({ "/bin/x": { content: { ...DYNAMIC, interpreter: "/lib/ld-musl-x86_64.so.1" } } }),
    undefined,
  );
  assertStrictEquals(problem({ "/bin/x": {} }), undefined); // executable but not readable: unknown is no reason
  assertStrictEquals(
    problem({ "/lib/ld-2.31.so": { content: { machine: HERE } } }, 1000, "/lib/ld-2.31.so"),
    undefined,
  );
});

Deno.test("inspectProgram() says what has to be trapped, with the reason", () => {
  assertMatch(trapped({ "/bin/x": { content: { machine: HERE, dynamic: false } } }) ?? "", /^statically linked/);
  assertMatch(trapped({ "/bin/x": { content: { machine: HERE } } }) ?? "", /^statically linked/);
  assertMatch(trapped({ "/bin/x": { content: { ...DYNAMIC, sections: [".go.buildinfo"] } } }) ?? "", /^a Go program/);
  assertStrictEquals(trapped({ "/bin/x": { content: DYNAMIC } }), undefined);
});

Deno.test("inspectProgram() refuses what the library cannot reach, with the reason", () => {
  assertMatch(problem({ "/bin/x": { content: { ...DYNAMIC, machine: 40 } } }) ?? "", /another machine \(32-bit ARM\)/);
  assertMatch(problem({ "/bin/x": { content: DYNAMIC, capabilities: true } }) ?? "", /^has file capabilities/);
});

Deno.test("inspectProgram() minds set-user-ID only where it changes the user", () => {
  const setUser = { "/bin/x": { content: DYNAMIC, mode: 0o4755, uid: 0 } };
  assertMatch(problem(setUser) ?? "", /^set-user-ID/);
  assertStrictEquals(problem(setUser, 0), undefined);
  assertStrictEquals(problem({ "/bin/x": { content: DYNAMIC, mode: 0o4755, uid: 1000 } }), undefined);
  assertMatch(problem({ "/bin/x": { content: DYNAMIC, mode: 0o2755, gid: 5 } }) ?? "", /^set-group-ID/);
  assertStrictEquals(problem({ "/bin/x": { content: DYNAMIC, mode: 0o2745, gid: 5 } }), undefined); // locking, not identity
  assertStrictEquals(problem({ "/bin/x": { content: DYNAMIC, capabilities: true } }, 0), undefined);
});

Deno.test("inspectProgram() follows scripts to what really runs", () => {
  const files = {
    "/bin/x": { content: "#!/usr/bin/env go-tool\n" },
    "/usr/bin/env": { content: DYNAMIC },
    "/bin/go-tool": { content: { ...DYNAMIC, sections: [".go.buildinfo"] } },
  };
  assertMatch(trapped(files) ?? "", /^a Go program/);
  assertMatch(
    trapped({ ...files, "/bin/x": { content: "#!/usr/bin/env -S A=1 go-tool -x\n" } }) ?? "",
    /^a Go program/,
  );
  const shell = { "/bin/x": { content: "echo no line\n" }, "/bin/sh": { content: { machine: HERE, dynamic: false } } };
  assertMatch(trapped(shell) ?? "", /^statically linked/);
  assertStrictEquals(problem({ "/bin/x": { content: "#!/bin/x\n" } }), undefined); // round and round: the kernel says no
});

Deno.test("inspectProgram() reports an interpreter that is not there as not found", () => {
  const system = new FakeSystem({ "/bin/x": { content: "#!/opt/none\n" } });
  const error = assertThrows(() => inspectProgram("/bin/x", "/bin", system), CommandError);
  assertStrictEquals(error.exitCode, 127);
  assertMatch(error.message, /\/opt\/none: not found/);
});
