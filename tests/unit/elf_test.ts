/** Kinds of program files, from their bytes alone: `lib/system/elf.ts`. */
import assert from "node:assert/strict";
import { type ByteSource, type ElfFile, readProgramFile } from "../../lib/system/elf.ts";
import { elfImage } from "./elf_image.ts";

const source = (bytes: Uint8Array): ByteSource => ({ read: (offset, length) => bytes.slice(offset, offset + length) });
const text = (content: string) => source(new TextEncoder().encode(content));

function readElf(options: Parameters<typeof elfImage>[0]): ElfFile {
  const file = readProgramFile(source(elfImage(options)));
  assert.ok(file.kind === "elf");
  return file;
}

Deno.test("readProgramFile() tells dynamic programs from static ones", () => {
  const dynamic = readElf({ interpreter: "/lib64/ld-linux-x86-64.so.2" });
  assert.equal(dynamic.interpreter, "/lib64/ld-linux-x86-64.so.2");
  assert.equal(dynamic.isDynamic, true);
  const fixed = readElf({ dynamic: false });
  assert.equal(fixed.interpreter, undefined);
  assert.equal(fixed.isDynamic, false);
  assert.equal(fixed.ownSystemCalls, undefined);
});

Deno.test("readProgramFile() finds Go by the section's name, and by the mark when names are stripped", () => {
  assert.equal(readElf({ sections: [".text", ".go.buildinfo"] }).ownSystemCalls, "Go");
  assert.equal(readElf({ sections: [".text", ".data"] }).ownSystemCalls, undefined);
  assert.equal(readElf({ data: "\xff Go buildinf:\x08\x02" }).ownSystemCalls, "Go");
  assert.equal(readElf({ data: "x\xff Go buildinf:" }).ownSystemCalls, undefined); // the mark is aligned
});

Deno.test("readProgramFile() finds Free Pascal by the section's name", () => {
  assert.equal(readElf({ sections: [".text", ".fpcdata"] }).ownSystemCalls, "Free Pascal");
});

Deno.test("readProgramFile() tells the machine", () => {
  assert.equal(readElf({ machine: 183 }).machine, 183);
});

Deno.test("readProgramFile() survives any truncation and any changed byte", () => {
  const bytes = elfImage({ interpreter: "/lib/ld.so", sections: [".go.buildinfo"] });
  for (let length = 0; length < bytes.length; length++) readProgramFile(source(bytes.subarray(0, length)));
  for (let offset = 4; offset < bytes.length; offset++) {
    const mutant = bytes.slice();
    mutant[offset] = 0xff;
    readProgramFile(source(mutant));
  }
});

Deno.test("readProgramFile() reads #! lines as the kernel does", () => {
  assert.deepEqual(readProgramFile(text("#!/bin/sh\necho")), {
    kind: "script",
    interpreter: "/bin/sh",
    argument: undefined,
  });
  assert.deepEqual(readProgramFile(text("#! \t/usr/bin/env  -S a b \nx")), {
    kind: "script",
    interpreter: "/usr/bin/env",
    argument: "-S a b",
  });
  assert.deepEqual(readProgramFile(text("#!/bin/cat")), {
    kind: "script",
    interpreter: "/bin/cat",
    argument: undefined,
  });
  assert.deepEqual(readProgramFile(text("#!\n")), { kind: "other" });
  assert.deepEqual(readProgramFile(text("echo hello\n")), { kind: "other" });
  assert.deepEqual(readProgramFile(text("")), { kind: "other" });
});
