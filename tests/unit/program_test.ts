/** Finding a command's program and telling by which door it is reached: `c/process/route.c`, called by `lib/run/program.ts`. */
import { assert, assertEquals, assertMatch, assertStrictEquals, assertThrows } from "@std/assert";
import * as path from "@std/path/posix";
import { type Door, inspectCommand, type ProgramStep } from "../../lib/run/program.ts";
import { CommandError } from "../../lib/system/errors.ts";
import { withDir } from "../support/dir.ts";
import { askedLibrary } from "../support/library.ts";
import { NOBODY } from "../support/users.ts";
import { elfImage, type ElfOptions } from "./elf_image.ts";

const HERE = Deno.build.arch === "aarch64" ? 183 : 62;
const DYNAMIC: ElfOptions = { interpreter: "/lib64/ld-linux-x86-64.so.2", machine: HERE };

/** With this `PATH`. */
function inspect(command: string, search?: string): ProgramStep[] {
  return inspectCommand(command, askedLibrary(search === undefined ? {} : { PATH: search }));
}

type Content = string | ElfOptions;

/** Makes the files, named relative to a directory, and calls `use` with it. */
async function withFiles(files: Record<string, Content>, use: (dir: string) => void): Promise<void> {
  await withDir((dir) => {
    for (const [name, content] of Object.entries(files)) {
      const file = path.join(dir, name);
      Deno.mkdirSync(path.dirname(file), { recursive: true });
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : elfImage(content);
      Deno.writeFileSync(file, bytes, { mode: 0o755 });
      Deno.chmodSync(file, 0o755);
    }
    use(dir);
    return Promise.resolve();
  });
}

function doorsOf(command: string, search?: string): Door[] {
  return inspect(command, search).map(({ door }) => door);
}

async function doorOf(content: Content): Promise<{ door: Door | undefined; why: string }> {
  let found: { door: Door | undefined; why: string } = { door: undefined, why: "" };
  await withFiles({ x: content }, (dir) => {
    const [step] = inspect(path.join(dir, "x"), undefined);
    found = { door: step?.door, why: step?.why ?? "" };
  });
  return found;
}

function errorOf(command: string, search?: string): CommandError {
  return assertThrows(() => inspect(command, search), CommandError);
}

Deno.test("a command is searched in PATH as execvp does", () =>
  withFiles({ "b/x": DYNAMIC, "c/x": DYNAMIC, "c/y": DYNAMIC }, (dir) => {
    const find = (command: string, search: string) => inspect(command, search)[0]?.file;
    assertStrictEquals(find("x", `${dir}/a:${dir}/b:${dir}/c`), `${dir}/b/x`);
    assertStrictEquals(find("y", `${dir}/b:${dir}/c/`), `${dir}/c//y`);
    assertStrictEquals(find(`${dir}/c/x`, `${dir}/b`), `${dir}/c/x`);
    assertStrictEquals(inspect("sh", undefined)[0]?.file, "/bin/sh");
  }));

Deno.test("the search in PATH continues after a file that cannot be executed, and remembers its error", () =>
  withFiles({ "a/x": DYNAMIC, "b/x": DYNAMIC }, (dir) => {
    Deno.chmodSync(`${dir}/a/x`, 0o644);
    assertStrictEquals(inspect("x", `${dir}/a:${dir}/b`)[0]?.file, `${dir}/b/x`);
    assertStrictEquals(errorOf("x", `${dir}/a`).exitCode, 126);
    assertMatch(errorOf("x", `${dir}/a:/nowhere`).message, /a\/x: not executable$/);
  }));

Deno.test("127 is for nothing there, 126 for something that is no program", () =>
  withFiles({ x: "#!/opt/none\n" }, (dir) => {
    assertStrictEquals(errorOf("x", "/nowhere").exitCode, 127);
    assertStrictEquals(errorOf("").exitCode, 127);
    assertStrictEquals(errorOf(`${dir}/none`).exitCode, 127);
    assertStrictEquals(errorOf(dir).exitCode, 126);
    assertStrictEquals(errorOf(`${dir}/x/y`).exitCode, 126);
    assertMatch(errorOf(`${dir}/x`).message, /x: its interpreter \/opt\/none: not found$/);
    assertStrictEquals(errorOf(`${dir}/x`).exitCode, 127);
  }));

Deno.test("a dynamic program is preloaded, whatever its linker; a program with its own system calls is trapped, with the reason", async () => {
  assertStrictEquals((await doorOf(DYNAMIC)).door, "preload");
  assertStrictEquals((await doorOf({ ...DYNAMIC, interpreter: "/lib/ld-musl-x86_64.so.1" })).door, "preload");
  for (const dynamic of [true, false]) {
    const { door, why } = await doorOf({ machine: HERE, dynamic });
    assertStrictEquals(door, "trap");
    assertMatch(why, /^statically linked/);
  }
  assertMatch((await doorOf({ ...DYNAMIC, sections: [".text", ".go.buildinfo"] })).why, /^a Go program/);
  assertMatch((await doorOf({ ...DYNAMIC, data: "\xff Go buildinf:\x08\x02" })).why, /^a Go program/);
  assertStrictEquals((await doorOf({ ...DYNAMIC, data: "x\xff Go buildinf:" })).door, "preload"); // the mark is aligned
  assertMatch((await doorOf({ ...DYNAMIC, sections: [".fpcdata"] })).why, /^a Free Pascal program/);
});

Deno.test("a program of another machine is reached by no door, and the machine is named", async () => {
  const { door, why } = await doorOf({ ...DYNAMIC, machine: 40 });
  assertStrictEquals(door, "none");
  assertMatch(why, /another machine \(ARM\)/);
});

Deno.test({
  name: "set-user-ID and set-group-ID count where they change something",
  ignore: Deno.uid() !== 0,
  fn: () =>
    withFiles({ x: DYNAMIC }, (dir) => {
      const file = path.join(dir, "x");
      const why = (mode: number, uid = 0, gid = 0) => {
        Deno.chownSync(file, uid, gid);
        Deno.chmodSync(file, mode);
        const [step] = inspect(file, undefined);
        return step?.door === "none" ? step.why : undefined;
      };
      assertMatch(why(0o4755, NOBODY) ?? "", /^set-user-ID/);
      assertStrictEquals(why(0o4755), undefined);
      assertMatch(why(0o2755, 0, 5) ?? "", /^set-group-ID/);
      assertStrictEquals(why(0o2745, 0, 5), undefined); // locking, not identity
    }),
});

Deno.test("scripts, and env in them, are followed to the final program", () =>
  withFiles({
    "env": "#!/usr/bin/env go-tool\n",
    "split": "#! /usr/bin/env -S A=1 go-tool -x\n",
    "own": "#!/bin/sh -e \n",
    "none": "echo no line\n",
    "empty": "#!\n",
    "go-tool": { ...DYNAMIC, sections: [".go.buildinfo"] },
  }, (dir) => {
    for (const name of ["env", "split"]) assertEquals(doorsOf(path.join(dir, name), dir), ["script", "trap"]);
    for (const name of ["own", "none", "empty"]) assertEquals(doorsOf(path.join(dir, name))[0], "script", name);
    Deno.writeTextFileSync(path.join(dir, "round"), `#!${dir}/round\n`, { mode: 0o755 });
    assert(doorsOf(path.join(dir, "round")).every((door) => door === "script")); // round and round: the kernel says no
  }));

Deno.test("any truncation and any changed byte of a program gives an answer", () =>
  withFiles({ x: "" }, (dir) => {
    const file = path.join(dir, "x");
    const bytes = elfImage({ interpreter: "/lib/ld.so", sections: [".go.buildinfo"], machine: HERE });
    const tell = (content: Uint8Array) => {
      Deno.writeFileSync(file, content);
      assert(doorsOf(file).length > 0);
    };
    for (let length = 0; length < bytes.length; length++) tell(bytes.subarray(0, length));
    for (let offset = 4; offset < bytes.length; offset++) {
      const mutant = bytes.slice();
      mutant[offset] = 0xff;
      tell(mutant);
    }
  }));
