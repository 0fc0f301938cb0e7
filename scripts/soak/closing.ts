/** Ends a soak: sends SIGTERM to all programs, and checks that nothing of theirs is left. */
import type { Accounts } from "./accounts.ts";
import { readFiles } from "./directory.ts";
import { type Member, signal } from "./family.ts";
import { clientNames } from "./kernel.ts";
import type { Ledger } from "./ledger.ts";
import { KINDS } from "./load.ts";

const END_MS = 40_000;
/**
 * How long the library's child may live after an exit: the library leaves one if a thread waits in accept or a receive
 * (`c/files/release.c`).
 */
const LINGER_MS = 8_000;

async function within(milliseconds: number, condition: () => boolean): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  while (!condition()) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return true;
}

/** Ends programs by SIGTERM. Each must end with exit status 0. */
export async function endAll(members: readonly Member[], ledger: Ledger): Promise<void> {
  for (const { pid } of members) signal(pid, "SIGTERM");
  await expectEnd(members, ledger);
}

async function expectEnd(members: readonly Member[], ledger: Ledger): Promise<void> {
  await within(END_MS, () => members.every(({ ended }) => ended !== undefined));
  for (const { name, ended, errors } of members) {
    if (ended === undefined) ledger.find(`${name}: it does not end`);
    else if (!ended.success) ledger.find(`${name}: it ended with ${ended.signal ?? ended.code}: ${errors.trim()}`);
  }
}

/** Ends the servers, and checks that no process, name or file is left. */
export async function closeAccounts(accounts: Accounts, servers: readonly Member[]): Promise<void> {
  const { family, ledger, ports } = accounts;
  for (const kind of KINDS) if (ledger.row(kind).done === 0) ledger.find(`${kind}: not even one`);
  await endAll(servers, ledger);
  await within(LINGER_MS, () => family.alive().length === 0);
  for (const pid of family.alive()) ledger.find(`process ${pid} is left`);
  const names = () => clientNames((port) => ports.isOurs(port));
  await within(LINGER_MS, () => names().length === 0);
  for (const name of names()) ledger.find(`name left: ${JSON.stringify(name)}`);
  accounts.checkLeft();
  await bindLast(accounts);
}

/** Binds every port once more: files of killed programs must not keep the ports. */
async function bindLast({ family, ledger, ports }: Accounts): Promise<void> {
  const left = readFiles(family.sockets).flatMap(({ port }) => port === undefined ? [] : [port]);
  await expectEnd([family.python("last_bind.py", ...new Set([...ports.all(), ...left]))], ledger);
  for await (const { name } of Deno.readDir(family.sockets)) ledger.find(`file left at the end: ${name}`);
}
