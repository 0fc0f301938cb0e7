/**
 * All attackers of a siege at once, each again and again, until this process is ended: `attackers.ts ADDRESS [WORD…]`,
 * where ADDRESS is a port, or `tls:` and a port. With words, only attacks whose name has one of them. Prints
 * `round=NAME` after each round.
 */
import {
  FOR_THE_LIST,
  holder,
  HOSTILE,
  hostileClients,
  LISTS,
  NOT_PASSED,
  ODD_PATHS,
  requests,
} from "../cli/floods.ts";
import { requestText } from "../cli/http_rig.ts";

const [address = "", ...words] = Deno.args;
/** More connections than the front's limit of descriptors (`siege.ts`). */
const HELD = 3_000;
const HELD_MS = 5_000;
const CLOSE = "Connection: close\r\n";
const UPGRADES = NOT_PASSED.map((word) => requestText("/", "odd", `Connection: Upgrade\r\nUpgrade: ${word}\r\n`));
/** What slow clients have sent: nothing, too little, a request that is never answered, and a long head. */
const HELD_TEXTS = {
  "silent": "",
  "slow": "G",
  "unanswered": requestText("/", "waits"),
  "connections": `GET / HTTP/1.1\r\nX: ${"a".repeat(5_000)}`,
};

function spawn([command = "", ...args]: readonly string[]): Deno.ChildProcess {
  return new Deno.Command(command, { args, stdin: "null", stdout: "piped", stderr: "null" }).spawn();
}

async function runToEnd(command: readonly string[]): Promise<void> {
  await spawn(command).output();
}

/** Holds connections for a while. */
async function hold(text: string): Promise<void> {
  const process = spawn(holder(Number(address.replace("tls:", "")), { count: HELD, text }));
  const reader = process.stdout.getReader();
  await reader.read(); // it is done, or it has ended
  await new Promise((resolve) => setTimeout(resolve, HELD_MS));
  try {
    process.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
  await reader.cancel();
  await process.status;
}

const ATTACKS: ReadonlyMap<string, () => Promise<void>> = new Map([
  ["lists", () => runToEnd(requests(address, LISTS.requests, FOR_THE_LIST))],
  ["odd servers", () => {
    return runToEnd(requests(address, ODD_PATHS.length, ODD_PATHS.map((path) => requestText(path, "odd", CLOSE))));
  }],
  ["odd upgrades", () => runToEnd(requests(address, UPGRADES.length, UPGRADES))],
  ...Object.entries(HELD_TEXTS).map(([name, text]): [string, () => Promise<void>] => [name, () => hold(text)]),
  ...Object.entries(HOSTILE).map(([kind, frames]): [string, () => Promise<void>] => {
    return [`HTTP/2 ${kind}`, () => runToEnd(hostileClients(kind, frames, address))];
  }),
]);

async function repeat(name: string, attack: () => Promise<void>): Promise<never> {
  while (true) {
    await attack();
    console.log(`round=${name}`);
  }
}

const chosen = [...ATTACKS].filter(([name]) => words.length === 0 || words.some((word) => name.includes(word)));
await Promise.all(chosen.map(([name, attack]) => repeat(name, attack)));
