/** How many system calls each operation takes, exactly: with next to nothing held, and with many sockets held. */
import { assertEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";

/** Two connections before sockets are born local, and one by which the process knows that it can connect. */
const FEW = 3;
const MANY = 200;

/** Calls a file that a child adds at its end: whether the number is still the socket's, its close, and who the parent is. */
const CALLS_OF_AN_INHERITED = 3;

/** SO_SNDBUFFORCE is root's; who may not gets as much as there is by one call more. */
const BUFFER = Deno.uid() === 0 ? 0 : 1;

/**
 * The calls of each operation. A number that changes is a decision: a connection has six (socket, bind, connect, accept,
 * two closes) once sockets are born local, and the data path has none but the program's own.
 */
const EXPECTED: Readonly<Record<string, number>> = {
  "socket": 1,
  // One maps the page that tells forked children who looks after the files: once a process.
  "bind, with the change of sockets": 11,
  // Its own name, and the port's: whether it is the socket that is known, and whether anybody has it, is told by them.
  "bind": 2,
  "listen": 3,
  // The process's first one to the port reads who has it.
  "connect": 3,
  "connect once more": 2,
  // Whether there is memory at that address is asked of the kernel; of the caller's stack it is known.
  "connect, with the address on the heap": 3,
  "close with SO_LINGER 0": 7,
  "accept": 1,
  // Checks that the event is the descriptor's, that the connection is the known one, and its state.
  "hear of an end": 4,
  "dup a connection": 2,
  "close the copy of a connection": 1,
  "close a connection": 1,
  "dup a listener": 2,
  "close the copy of a listener": 5,
  "close a listener": 14,
  "socket UDP": 1,
  "bind UDP": 12 + BUFFER,
  "first send UDP": 15 + BUFFER,
  "send UDP": 1,
  "receive UDP": 1,
  "answer UDP": 1,
  "receive the answer UDP": 1,
  // Whether the receiver takes a batch is told by its file.
  "send eight at once UDP": 2,
  "receive eight at once UDP": 1,
  "close UDP": 12,
  "socket UDP, born local": 4 + BUFFER,
  // Two ask whether the number is another socket's by now, one whether the server knows the directory by its name here.
  "connect UDP": 6,
  "send connected UDP": 1,
  "close connected UDP": 12,
  "close a UDP server": 14,
  "fork, _exit": 0,
};

/** The calls of all processes between each pair of marks, by the name of the operation. */
function readOperations(log: string): Map<string, string[]> {
  const operations = new Map<string, string[]>();
  let calls: string[] | undefined;
  for (const line of log.split("\n")) {
    const [, side, name = ""] = line.match(/faccessat\(AT_FDCWD, "\/(begin|end)\/([^"]+)"/) ?? [];
    const call = line.match(/^\d+ +(\w+)\(/)?.[1];
    if (side === "begin") operations.set(name, calls = []);
    else if (side === "end") calls = undefined;
    else if (call !== undefined) calls?.push(call);
  }
  return operations;
}

async function trace(program: string, dir: string, held: string, env: Record<string, string>) {
  const log = join(dir, `calls-${held}`);
  const variables = Object.entries(env).flatMap(([name, value]) => ["-E", `${name}=${value}`]);
  const { code, stderr } = await run(["strace", "-f", "-q", "-s", "64", "-o", log, ...variables, program, held]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  return readOperations(await Deno.readTextFile(log));
}

Deno.test({
  name: "each operation takes exactly so many system calls, whatever else is held",
  ignore: !need("strace", "cc"),
  async fn() {
    await withDir(async (dir) => {
      const program = join(dir, "operations");
      const source = join(import.meta.dirname ?? ".", "operations.c");
      const compiled = await run(["cc", "-std=c17", "-Wall", "-Wextra", "-Werror", "-o", program, source]);
      assertEquals(compiled.stderr, "");
      const sockets = join(dir, "s");
      // The calls of libc's fork depend on libc: only the library's additional calls are exact.
      const plain = await trace(program, dir, "nothing", {});
      for (const held of [FEW, MANY]) {
        const operations = await trace(program, dir, `${held}`, libraryEnv(sockets));
        const counts = Array.from(operations, ([name, calls]): [string, number] => {
          const files = (2 * held + 1) * CALLS_OF_AN_INHERITED;
          const others = plain.get(name)?.length ?? 0;
          return [name, calls.length - others - (name === "fork, _exit" ? files : 0)];
        });
        assertEquals(Object.fromEntries(counts), EXPECTED, `${held} held`);
      }
      assertEquals(Array.from(Deno.readDirSync(sockets), ({ name }) => name), []);
    });
  },
});
