/** Clients of a datagram server that ask and never read: how often they are waited for, and what others lose. Counted. */
import { assert, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";
import { libraryEnv } from "../support/library.ts";

const programText = programsOf(import.meta);

const DEAF = 20;
/** Fewer than the waits that all together may have in a second. */
const WAITED_FOR = 5;

/** The first pause of a wait (PAUSE_FIRST_NS in c/calls/datagram_full.c), or a send that waited in the kernel in vain. */
const WAIT = /nanosleep\(.*tv_nsec=50000\b|^\S+ +send(?!.*MSG_DONTWAIT).*EAGAIN/;

for (const server of ["a blocking server", "an event-driven server"]) {
  const how = server === "a blocking server" ? "blocking" : "events";
  Deno.test(`a client that does not read costs ${server} one wait a second, however much is for it`, {
    ignore: !need("python3") || !need("strace"),
  }, () =>
    withDir(async (dir) => {
      const trace = ["strace", "-f", "-e", "trace=nanosleep,clock_nanosleep,sendto,sendmsg", "-o", `${dir}/trace`];
      const env = Object.entries(libraryEnv(dir)).map(([name, value]) => `${name}=${value}`);
      const program = ["env", ...env, "python3", "-c", programText("flood"), String(WAITED_FOR), how];
      const { stdout, stderr, code } = await run([...trace, ...program]);
      assertStrictEquals(code, 0, stderr);
      const waits = Deno.readTextFileSync(`${dir}/trace`).split("\n").filter((line) => WAIT.test(line)).length;
      const most = WAITED_FOR * (Math.floor(Number(stdout)) + 1);
      assert(waits > 0 && waits <= most, `${waits} waits in ${stdout.trim()} seconds, at most ${most}`);
    }));

  Deno.test(
    `clients that read lose nothing to those of ${server} that do not`,
    { ignore: !need("python3") },
    () =>
      withDir(async (dir) => {
        assertStrictEquals(
          await python(programText("among"), dir, String(DEAF), how),
          "2000 right answers, none lost\n",
        );
      }),
  );
}

Deno.test("a blocking send to a receiver that does not read ends under a tracer, too", {
  ignore: !need("python3") || !need("strace"),
}, () =>
  withDir(async (dir) => {
    const env = Object.entries(libraryEnv(dir)).map(([name, value]) => `${name}=${value}`);
    const program = ["env", ...env, "python3", "-c", programText("traced")];
    const { stdout, stderr } = await run(["strace", "-f", "-o", `${dir}/trace`, ...program], { timeoutMs: 60_000 });
    assertStrictEquals(stdout, "sent\n", stderr);
  }));
