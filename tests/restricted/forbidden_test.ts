/**
 * A seccomp filter that forbids one of the system calls that the library makes. Nothing goes to the network because a
 * question could not be answered: a real TCP server and UDP sockets, the kernel's tables and its counters say so. Nothing
 * crashes or hangs, and what fails has an errno that TCP has.
 */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { findProgram, need } from "../support/programs.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const FLAGS = ["-std=gnu17", "-O1", "-Wall", "-Wextra", "-Werror"];
const TIMEOUT_MS = 10 * 60_000;

/** Without these all goes on as with them: there is another way, or it was for the better only. */
const DISPENSABLE = (
  "clock_gettime close_range epoll_pwait2 faccessat2 fchmodat fchmodat2 flock getrandom kill linkat " +
  "madvise prlimit64 sched_yield uname utimensat write"
).split(" ");

async function buildForbidden(dir: string): Promise<string> {
  const binary = join(dir, "forbidden");
  const sources = ["forbidden.c", "forbidden_program.c", "forbidden_steps.c"].map((name) => join(HERE, name));
  const { code, stderr } = await run([Deno.env.get("CC") || "cc", ...FLAGS, "-o", binary, ...sources]);
  assertStrictEquals(code, 0, stderr);
  return binary;
}

/** @returns The prefix of a command that gets its own network namespace; undefined: none can be had. */
async function findNamespace(): Promise<string[] | undefined> {
  const unshare = findProgram("unshare") ?? "", ip = findProgram("ip") ?? "";
  for (const flags of ["-n", "-Urn"]) {
    const { code } = await run([unshare, flags, ip, "link", "set", "lo", "up"]);
    if (code === 0) return [unshare, flags, "sh", "-c", '"$0" link set lo up; exec "$@"', ip];
  }
  return undefined;
}

for (const [door, engine] of [["preloaded", "auto"], ["trapped", "trap"]] as const) {
  Deno.test({
    name:
      `${door}: whatever system call a filter forbids, nothing goes to the network, crashes, hangs or has a wrong errno`,
    ignore: !need("cc", "unshare", "ip"),
    fn: () =>
      withDir(async (dir) => {
        const namespace = await findNamespace();
        if (namespace === undefined) return;
        const forbidden = await buildForbidden(dir);
        const { LD_PRELOAD: _, ...env } = libraryEnv(join(dir, "s"));
        const command = [...namespace, forbidden, libraryFile(), engine];
        const { code, stdout, stderr } = await run(command, { env, timeoutMs: TIMEOUT_MS });
        const lines = stdout.trimEnd().split("\n");
        assertStrictEquals(code, 0, `${stdout}\n${stderr}`);
        assertEquals(lines.filter((line) => line.startsWith("finding: ")), []);
        const goesOn = lines.flatMap((line) => /^goes on: (.*)$/.exec(line)?.[1] ?? []);
        assertEquals(DISPENSABLE.filter((call) => !goesOn.includes(call)), []);
        assert(Number(/^(\d+) runs$/.exec(lines.pop() ?? "")?.[1]) > 300, stdout);
      }),
  });
}
