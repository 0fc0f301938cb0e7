/**
 * Runs a command in a network namespace, over the namespace's TCP or under unsock. Reads the kernel's counters of the
 * namespace.
 */
import { join } from "@std/path/posix";
import { interrupted } from "../interruption.ts";
import { NOBODY } from "../../tests/support/users.ts";
import type { Place } from "./suite.ts";

/** The traffic on the network of a run. */
export interface Counters {
  /** The connections that were begun, and how many of these were refused. */
  readonly begun: number;
  readonly refused: number;
  /** The connections that listeners have received. */
  readonly accepted: number;
  readonly datagrams: number;
}

export const NO_COUNTERS: Counters = { begun: 0, refused: 0, accepted: 0, datagrams: 0 };

export interface Ran {
  readonly output: string;
  readonly timedOut: boolean;
  readonly counters: Counters;
}

export interface Inside {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly seconds: number;
  readonly place: Place;
  readonly asUser?: boolean;
  readonly trapped?: boolean;
  /** The library's path, if the command is to run under it. */
  readonly library?: string;
}

const GRACE_SECONDS = 60;
const TIMED_OUT = [124, 137];

// The script is the first process of a pid namespace: when it ends, the kernel kills all processes of the test.
const SCRIPT = `ip link set lo up || exit 1
timeout -k 10 "$@" >"$SCRATCH/output" 2>&1 </dev/null
code=$?
cat /proc/net/snmp /proc/net/snmp6 >"$SCRATCH/counters"
exit $code`;

/**
 * Runs a command to its end, at a lower priority (`nice`).
 *
 * @throws {Error} When the network could not be made.
 */
export async function runInside(inside: Inside): Promise<Ran> {
  const { command, cwd, env, seconds, place: { scratch }, library, asUser, trapped } = inside;
  const [home, sockets] = [join(scratch, "home"), join(scratch, "sockets")];
  for (const directory of [home, sockets]) await Deno.mkdir(directory, { mode: 0o700 });
  const changes = asUser === true && Deno.uid() === 0;
  if (changes) { for (const directory of [scratch, home, sockets]) await Deno.chown(directory, NOBODY, NOBODY); }
  const user = changes ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] : [];
  const under = library === undefined
    ? []
    : [library, "run", "--dir", sockets, "--engine", trapped === true ? "trap" : "auto", "--"];
  const asRoot = Deno.uid() === 0 ? [] : ["--map-root-user"];
  const namespaces = ["--net", "--pid", "--fork", "--mount-proc", "--kill-child", ...asRoot];
  const child = new Deno.Command("nice", {
    args: ["unshare", ...namespaces, "sh", "-c", SCRIPT, "sh", `${seconds}`, ...user, ...under, ...command],
    cwd,
    clearEnv: true,
    env: {
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: home,
      TMPDIR: home,
      LANG: "C.UTF-8",
      TERM: "dumb",
      SCRATCH: scratch,
      ...env,
    },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const stop = () => child.kill("SIGKILL");
  const watch = setTimeout(stop, (seconds + GRACE_SECONDS) * 1000);
  interrupted.addEventListener("abort", stop);
  const { code, stderr } = await child.output().finally(() => {
    clearTimeout(watch);
    interrupted.removeEventListener("abort", stop);
  });
  interrupted.throwIfAborted();
  const counters = await read(join(scratch, "counters"));
  if (counters === undefined && !TIMED_OUT.includes(code)) {
    throw new Error(`no network could be made: ${new TextDecoder().decode(stderr).trim()}`);
  }
  const output = await read(join(scratch, "report")) ?? await read(join(scratch, "output")) ?? "";
  return { output, timedOut: TIMED_OUT.includes(code), counters: parseCounters(counters ?? "") };
}

async function read(file: string): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await Deno.readFile(file));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Reads /proc/net/snmp, where each line of names precedes a line of numbers with the same first word, and snmp6. */
export function parseCounters(text: string): Counters {
  const values = new Map<string, number>();
  const names = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [head = "", ...words] = line.trim().split(/\s+/);
    const known = names.get(head);
    if (!head.endsWith(":")) values.set(head, Number(words[0]));
    else if (known === undefined) names.set(head, words);
    else known.forEach((name, i) => values.set(`${head}${name}`, Number(words[i])));
  }
  const value = (name: string) => values.get(name) ?? 0;
  return {
    begun: value("Tcp:ActiveOpens"),
    refused: value("Tcp:AttemptFails"),
    accepted: value("Tcp:PassiveOpens"),
    datagrams: value("Udp:OutDatagrams") + value("Udp6OutDatagrams"),
  };
}

export function addCounters(a: Counters, b: Counters): Counters {
  return {
    begun: a.begun + b.begun,
    refused: a.refused + b.refused,
    accepted: a.accepted + b.accepted,
    datagrams: a.datagrams + b.datagrams,
  };
}
