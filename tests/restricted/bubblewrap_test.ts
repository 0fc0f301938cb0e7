/** bubblewrap's filters, as Flatpak has one, and systemd's list of a service's calls: below them programs go on by both engines. */
import { assert, assertEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { readFacts } from "../support/facts.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";

const programText = programsOf(import.meta);

/** The calls that Flatpak denies (common/flatpak-run.c). */
const DENIED = (
  "syslog uselib acct quotactl add_key keyctl request_key move_pages mbind get_mempolicy set_mempolicy migrate_pages " +
  "unshare setns mount umount2 pivot_root chroot perf_event_open ptrace"
).split(" ");

/** @returns The calls of one of systemd's groups. */
async function callsOf(group: string): Promise<string[]> {
  const { stdout } = await run(["systemd-analyze", "syscall-filter", group]);
  const names = stdout.split("\n").slice(1).map((line) => line.trim()).filter((line) => /^[@\w]/.test(line));
  return (await Promise.all(names.map((name) => name.startsWith("@") ? callsOf(name) : [name]))).flat();
}

const mayWrap = need("bwrap", "python3", "systemd-analyze") &&
  (await run(["bwrap", "--dev-bind", "/", "/", "true"])).code === 0;

for (const kind of ["denied", "allowed"] as const) {
  for (const engine of ["preload", "trap"]) {
    for (const place of ["outside", "inside"]) {
      Deno.test({
        name: `bwrap --seccomp with a list of ${kind} calls, unsock ${place} of it: a program goes on (${engine})`,
        ignore: !mayWrap,
        fn: () => withDir((dir) => talkBelow(dir, kind, engine, place === "outside")),
      });
    }
  }
}

async function talkBelow(dir: string, kind: "denied" | "allowed", engine: string, outside: boolean): Promise<void> {
  const calls = kind === "denied" ? DENIED : [...await callsOf("@system-service"), ...await callsOf("@default")];
  // Before systemd 255 the defaults do not have it: `unsock unit` names it.
  const allowed = [...new Set([...calls, ...kind === "allowed" ? ["seccomp"] : []])];
  const made = await run(["/usr/bin/python3", "-c", programText("filter"), `${dir}/filter`, kind, ...allowed]);
  assertEquals(made.code, 0, made.stderr);
  const wrap = ["sh", "-c", 'exec 9<"$1"; shift; exec bwrap --dev-bind / / --seccomp 9 "$@"', "sh", `${dir}/filter`];
  const talk = ["/usr/bin/python3", "-c", programText("talk")];
  const under = (
    command: string[],
  ) => [libraryFile(), "run", "--dir", `${dir}/s`, "--engine", engine, "--", ...command];
  const command = outside ? under([...wrap, ...talk]) : [...wrap, ...under(talk)];
  const { code, stdout, stderr } = await run(command);
  assertEquals(code, 0, stdout + stderr);
  assert(!stderr.includes("unsock"), stderr);
  assertEquals(readFacts(stdout), {
    "has a filter": true,
    "the client's address": true,
    stream: "heard asked",
    datagram: ["heard asked", ["127.0.0.1", 8000]],
    "a child connects": "0\n",
  });
}
