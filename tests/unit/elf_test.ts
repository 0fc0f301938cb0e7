/** Kinds of program files, from their bytes alone: `lib/system/elf.ts`. */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { type ByteSource, type ElfFile, readProgramFile } from "../../lib/system/elf.ts";
import { elfImage } from "./elf_image.ts";

const source = (bytes: Uint8Array): ByteSource => ({ read: (offset, length) => bytes.slice(offset, offset + length) });
const text = (content: string) => source(new TextEncoder().encode(content));

function readElf(options: Parameters<typeof elfImage>[0]): ElfFile {
  const file = readProgramFile(source(elfImage(options)));
  assert(file.kind === "elf");
  return file;
}

Deno.test("readProgramFile() tells dynamic programs from static ones", () => {
  const dynamic = readElf({ interpreter: "/lib64/ld-linux-x86-64.so.2" });
  assertStrictEquals(dynamic.interpreter, "/lib64/ld-linux-x86-64.so.2");
  assertStrictEquals(dynamic.isDynamic, true);
  const fixed = readElf({ dynamic: false });
  assertStrictEquals(fixed.interpreter, undefined);
  assertStrictEquals(fixed.isDynamic, false);
  assertStrictEquals(fixed.ownSystemCalls, undefined);
});

Deno.test("readProgramFile() finds Go by the section's name, and by the mark when names are stripped", () => {
  assertStrictEquals(readElf({ sections: [".text", ".go.buildinfo"] }).ownSystemCalls, "Go");
  assertStrictEquals(readElf({ sections: [".text", ".data"] }).ownSystemCalls, undefined);
  assertStrictEquals(readElf({ data: "\xff Go buildinf:\x08\x02" }).ownSystemCalls, "Go");
  assertStrictEquals(readElf({ data: "x\xff Go buildinf:" }).ownSystemCalls, undefined); // the mark is aligned
});

Deno.test("readProgramFile() finds Free Pascal by the section's name", () => {
  assertStrictEquals(readElf({ sections: [".text", ".fpcdata"] }).ownSystemCalls, "Free Pascal");
});

Deno.test("readProgramFile() tells the machine", () => {
  assertStrictEquals(readElf({ machine: 183 }).machine, 183);
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
  assertEquals(readProgramFile(text("#!/bin/sh\necho")), {
    kind: "script",
    interpreter: "/bin/sh",
    argument: undefined,
  });
  assertEquals(readProgramFile(text("#! \t/usr/bin/env  -S a b \nx")), {
    kind: "script",
    interpreter: "/usr/bin/env",
    argument: "-S a b",
  });
  assertEquals(readProgramFile(text("#!/bin/cat")), {
    kind: "script",
    interpreter: "/bin/cat",
    argument: undefined,
  });
  assertEquals(readProgramFile(text("#!\n")), { kind: "other" });
  assertEquals(readProgramFile(text("echo hello\n")), { kind: "other" });
  assertEquals(readProgramFile(text("")), { kind: "other" });
});
