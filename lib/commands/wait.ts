/** `unsock wait PORT…`: until somebody listens, or nobody does any more. */
import type { Context } from "../system/context.ts";
import { type Asked, listSocketFiles, type SocketFile } from "../report/socket_files.ts";
import { chooseDirectory } from "../run/directory.ts";
import { ownRunner } from "../run/own_runner.ts";
import { type AddressedPort, formatPort, parseAddressedPort, wildcardOf } from "../run/ports.ts";
import { UnsockError, UsageError } from "../system/errors.ts";
import { DirectoryWatch } from "../system/watch.ts";

interface WaitOptions {
  readonly dir?: string;
  readonly timeout?: string;
  readonly gone?: true;
}

/** What of a port's state no change of the directory tells is asked again after this. */
const LISTEN_SOON_MS = 10;
const KILLED_MS = 200;
const LONGEST_MS = 0x7fff_ffff;

/** `ready`: somebody takes connections (datagrams); `soon`: a socket is bound and does not listen yet. */
type State = "ready" | "soon" | "nobody";

/**
 * Waits.
 *
 * @param options As on the command line.
 * @param ports As the user wrote them; all of them count.
 * @returns The exit status.
 * @throws {UsageError} When there is no port, or the time cannot be read.
 * @throws {UnsockError} When the time is over.
 */
export async function wait(options: WaitOptions, ports: readonly string[], context: Context): Promise<number> {
  const wanted = ports.map((port) => parseAddressedPort(port));
  const timeout = parseTimeout(options.timeout);
  const directory = chooseDirectory(options.dir, context.environ, context.system.euid).path;
  const deadline = timeout === undefined ? Infinity : performance.now() + timeout;
  const asked = { libc: context.libc, runner: await ownRunner(context) };
  using watch = new DirectoryWatch(directory);
  for (;;) {
    const states = wanted.map((port) => stateOf(directory, port, asked));
    const left = wanted.filter((_, index) => options.gone ? states[index] !== "nobody" : states[index] !== "ready");
    if (left.length === 0) return 0;
    const rest = deadline - performance.now();
    if (rest <= 0) throw new UnsockError(timeIsOver(left, directory, options));
    await watch.change(Math.min(rest, askAgainAfter(states, options.gone === true)));
  }
}

/** listen(2) after bind(2), and the end of a process that is killed, change nothing in the directory. */
function askAgainAfter(states: readonly State[], gone: boolean): number {
  if (gone) return KILLED_MS;
  return states.includes("soon") ? LISTEN_SOON_MS : LONGEST_MS;
}

function stateOf(directory: string, port: AddressedPort, asked: Asked): State {
  const look = () => {
    const files = listSocketFiles(directory, asked, { port: port.number, processes: false });
    return files.filter((file) => file.kind === port.kind && serves(file, port.address));
  };
  let files = look();
  // A socket may have come between two questions; one that is not told of the second time is not told of at all.
  if (files.some(({ state, listening }) => state === "alive" && listening === undefined)) files = look();
  const states = files.map(stateOfFile);
  return states.find((state) => state === "ready") ?? states.find((state) => state === "soon") ?? "nobody";
}

/** Who does not say on which address he is (a plain Unix server, a control file) is there for all of them. */
function serves({ address: bound }: SocketFile, address: string | undefined): boolean {
  if (bound === undefined || address === undefined) return true;
  return bound.text === address || bound.text === wildcardOf(address) || bound.forBoth;
}

/** A control file leads elsewhere, and a socket in another network namespace does not tell whether it listens. */
function stateOfFile({ state, listening }: SocketFile): State {
  if (state === "control") return "ready";
  if (state !== "alive" && state !== "waiting") return "nobody";
  return listening === false ? "soon" : "ready";
}

function parseTimeout(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, digits = "", unit = "s"] = /^(\d{1,6}(?:\.\d{1,3})?)(s|ms)?$/.exec(text) ?? [];
  if (digits === "") throw new UsageError(`--timeout: not a time, such as 10, 0.5, 10s or 500ms: "${text}"`);
  return Number(digits) * (unit === "s" ? 1000 : 1);
}

function timeIsOver(left: readonly AddressedPort[], directory: string, { timeout, gone }: WaitOptions): string {
  const ports = left.map(formatPort).join(", ");
  const what = gone ? "somebody is still there" : "nobody listens";
  return `wait: port ${ports} in ${directory}: after ${
    /\d$/.test(timeout ?? "") ? `${timeout} s` : timeout
  } ${what}: "unsock ls --dir ${directory}" shows who is there`;
}
