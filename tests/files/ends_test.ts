/** Closing a socket, and the end of its process, remove their own files from the directory, and no others. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { readFacts } from "../support/facts.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";
import { until } from "../support/wait.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

Deno.test(
  "a program that closes by raw system calls leaves no files behind",
  { ignore },
  () =>
    withDir(async (dir) => {
      assertStrictEquals(
        await python(programText("ask_and_close"), dir, "raw"),
        "2\n",
        "the receiver's, and the last client's until the end",
      );
      assertEquals([...Deno.readDirSync(dir)], []);
    }),
);

Deno.test(
  "a descriptor closed by syscall(2), as libuv does, is closed for the library, too",
  { ignore },
  () =>
    withDir(async (dir) => {
      assertStrictEquals(await python(programText("ask_and_close"), dir, "by syscall"), "1\n", "the receiver's");
    }),
);

Deno.test(
  "a file whose socket another process had until its exec goes with the next close",
  { ignore },
  () =>
    withDir(async (dir) => {
      assertEquals(readFacts(await python(programText("closed_beside_exec"), dir)), {
        "names when the other process has executed a program": ["2001.sock"],
        "names after the next close": [],
      });
    }),
);

Deno.test(
  "a descriptor that took a closed socket's number is not closed at the end of the program",
  { ignore },
  () =>
    withDir(async (dir) => {
      await Deno.mkdir(`${dir}/s`);
      await python(programText("reused_number"), `${dir}/s`, `${dir}/file`);
      assertStrictEquals(await Deno.readTextFile(`${dir}/file`), "written at the very end");
      assertEquals([...Deno.readDirSync(`${dir}/s`)], []);
    }),
);

Deno.test(
  "sockets that are closed while a thread waits on them leave no files once the thread is back",
  { ignore },
  () =>
    withDir(async (dir) => {
      assertStrictEquals(await python(programText("closed_while_waiting"), dir), "");
      assertEquals([...Deno.readDirSync(dir)], []);
    }),
);

Deno.test(
  "_exit takes a process's own files with it, and leaves those of the one that it was forked from",
  { ignore },
  () =>
    withDir(async (dir) => {
      assertStrictEquals(await python(programText("last_words"), dir), "['2001.dgram.sock', '2001.sock']\n");
      assertEquals([...Deno.readDirSync(dir)], []);
    }),
);

Deno.test(
  "a process that ends while a thread is waiting in accept takes its file along, unless another process has the socket",
  { ignore },
  () =>
    withDir(async (dir) => {
      assertStrictEquals(await python(programText("ends_while_waiting"), dir, "alone"), "");
      await until("its file is gone", () => [...Deno.readDirSync(dir)].length === 0);
      assertStrictEquals(await python(programText("ends_while_waiting"), dir, "shared"), "['2001.sock']\nserved\n");
      await until("its file is gone", () => [...Deno.readDirSync(dir)].length === 0);
    }),
);

Deno.test(
  "of a parent and its forked child the one that closes the socket last removes its file",
  { ignore },
  () =>
    withDir(async (dir) => {
      const [there, gone] = [["2001.sock"], []];
      assertEquals(readFacts(await python(programText("left_to_parent"), dir)), {
        "keeps, while the child lives": there,
        "keeps, when it has ended": there,
        "keeps, at its own end": gone,
        "closes, while the child lives": there,
        "closes, when it has ended": gone,
        "closes, at its own end": gone,
        "closes_unseen, while the child lives": there,
        "closes_unseen, when it has ended": there,
        "closes_unseen, at its own end": gone,
        "puts_over, while the child lives": there,
        "puts_over, when it has ended": gone,
        "puts_over, at its own end": gone,
        "closes_a_copy, while the child lives": there,
        "closes_a_copy, when it has ended": there,
        "closes_a_copy, at its own end": gone,
        "closes_both, while the child lives": there,
        "closes_both, when it has ended": gone,
        "closes_both, at its own end": gone,
        "filters, while the child lives": there,
        "filters, when it has ended": gone,
        "filters, at its own end": gone,
        "executes, when it has ended": gone,
        "rounds without a file, the child ends": 200,
        "rounds without a file, the child closes": 200,
      });
      assertEquals([...Deno.readDirSync(dir)], []);
    }),
);
