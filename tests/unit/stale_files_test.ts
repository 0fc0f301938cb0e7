/** Which socket files the front takes for stale, and what it says of a library that fails (`lib/sockets/stale.ts`). */
import { assertEquals } from "@std/assert";
import { StaleFiles } from "../../lib/sockets/stale.ts";
import { withDir, writeProgram } from "../support/dir.ts";
import { libraryFile } from "../support/library.ts";
import { leaveStale } from "../support/stale.ts";

Deno.test("a killed server's file is stale, and a listening server's is not", () =>
  withDir(async (dir) => {
    const [left, live] = [`${dir}/80.sock`, `${dir}/81.sock`];
    await leaveStale(left);
    using _server = Deno.listen({ transport: "unix", path: live });
    const lines: string[] = [];
    const stale = new StaleFiles(libraryFile(), (line) => lines.push(line));
    assertEquals([...await stale.among([left, live, `${dir}/82.sock`])], [left]);
    assertEquals(lines, []);
  }));

Deno.test("while the library fails all files count as live, which one line says each time it begins to fail", () =>
  withDir(async (dir) => {
    const file = (port: number) => `${dir}/${port}.sock`;
    await leaveStale(...[1, 2, 3, 4, 5, 6].map(file));
    const library = `${dir}/lib.so`;
    const lines: string[] = [];
    const stale = new StaleFiles(library, (line) => lines.push(line.replaceAll(dir, "DIR")));
    const ask = async (port: number) => [...await stale.among([file(port)])].length;
    const become = (text: string) => writeProgram(library, `#!/bin/sh\n${text}\n`);
    const found = [await ask(1)]; // there is no library
    become("echo 'unsock: query: broken' >&2; exit 1");
    found.push(await ask(2));
    become(`exec ${libraryFile()} "$@"`);
    found.push(await ask(3));
    become("echo other words");
    found.push(await ask(4), await ask(5));
    become("exit 3");
    found.push(await ask(6));
    assertEquals(found, [0, 0, 1, 0, 0, 0]);
    assertEquals(lines.map((line) => line.replace(/JSON: .*: stale/, "JSON: WHY: stale")), [
      "expose: library DIR/lib.so: No such file or directory: stale files count as live",
      "expose: library: the answer is no JSON: WHY: stale files count as live",
    ]);
  }));

Deno.test("one start of the library checks a bounded number of files, whoever asks at the same time", () =>
  withDir(async (dir) => {
    const library = `${dir}/lib.so`;
    const state = `'{"state":"stale"}'`;
    writeProgram(library, `#!/bin/sh\nshift 2; [ $# -le 4096 ] || exit 7\nfor one; do echo ${state}; done\n`);
    const lines: string[] = [];
    const stale = new StaleFiles(library, (line) => lines.push(line));
    const files = (from: number, count: number) => Array.from({ length: count }, (_, i) => `${dir}/${from + i}.sock`);
    const found = await Promise.all(
      [files(1, 3000), files(3001, 3000), files(6001, 5000)].map((all) => stale.among(all)),
    );
    assertEquals(found.map(({ size }) => size), [3000, 3000, 5000]);
    assertEquals(lines, []);
  }));
