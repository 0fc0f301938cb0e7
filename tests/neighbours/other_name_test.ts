/** One directory by several names: in containers, through links and mounts. Senders are known by their file, not by how its path begins. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { type Facts, readFacts } from "../support/facts.ts";
import { run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { findProgram, need } from "../support/programs.ts";
import { libraryEnv, libraryFile } from "../support/library.ts";
import { until } from "../support/wait.ts";

const programText = programsOf(import.meta);

const DOORS = ["preload", "trap"] as const;
type Door = typeof DOORS[number];

const canMount = need("python3", "unshare", "mount") && await canUnshare();

async function canUnshare(): Promise<boolean> {
  const { code } = await run([...NAMESPACES(), "mount", "-t", "tmpfs", "none", "/tmp"]);
  return code === 0;
}

/** Namespaces of mounts and of networks, as a container's: an ordinary user's too. */
function NAMESPACES(): string[] {
  return [findProgram("unshare") ?? "unshare", Deno.uid() === 0 ? "-mn" : "-Urmn"];
}

/** Two names of one directory, of which each side knows one alone. */
interface Names {
  readonly outside: string;
  readonly inside: string;
}

/** A container: there the directory has its inner name alone. */
function contained({ outside, inside }: Names, command: string[]): string[] {
  const script = 'mount --bind "$1" "$2" && mount -t tmpfs none "$1" && shift 2 && exec "$@"';
  return [...NAMESPACES(), "sh", "-c", script, "sh", outside, inside, ...command];
}

function environment(door: Door, dir: string): string[] {
  const { LD_PRELOAD = "", ...settings } = libraryEnv(dir);
  const variables = door === "trap" ? { ...settings, UNSOCK_ENGINE: "trap" } : { ...settings, LD_PRELOAD };
  return ["env", ...Object.entries(variables).map(([name, value]) => `${name}=${value}`)];
}

function program(door: Door, dir: string, text: string, ...args: string[]): string[] {
  const front = door === "trap" ? [libraryFile(), "run", "--"] : [];
  return [...environment(door, dir), ...front, "/usr/bin/python3", "-c", text, ...args];
}

/** The client's facts: the sender that the server saw, which is the client, and the address that answered. */
function answers(): Facts {
  const facts: Record<string, unknown> = {
    "the address that the server was asked at": "::ffff:127.0.0.2",
    "a connected pair knows each other": true,
  };
  for (const address of ["127.0.0.1", "127.0.0.2", "::1"]) {
    const answered = ["me", address, 2001];
    facts[`${address}, asked twice`] = facts[`${address}, connected`] = [answered, answered];
    facts[`${address}, bound`] = facts[`${address}, bound and connected`] = answered;
    facts[`${address}, by another socket`] = ["connected", true];
  }
  return facts;
}

async function converse(dir: string, server: string[], client: string[]): Promise<void> {
  await using serving = start(server);
  await until("the server is bound", () => Deno.lstat(`${dir}/2001.dgram.sock`).then(() => true, () => false));
  const { stdout, stderr } = await run(client);
  assertStrictEquals(stderr, "", serving.output());
  assertEquals(readFacts(stdout), answers(), serving.output());
  assertStrictEquals((await serving.result(60_000)).code, 0);
  assertEquals(Array.from(Deno.readDirSync(dir), ({ name }) => name).filter((name) => name !== ".unsock.lock"), []);
}

function withNames(fn: (names: Names, base: string) => Promise<void>): Promise<void> {
  return withDir(async (base) => {
    const names = { outside: `${base}/outside`, inside: `${base}/in` };
    for (const dir of [names.outside, names.inside]) await Deno.mkdir(dir);
    await fn(names, base);
  });
}

for (const door of DOORS) {
  for (const where of ["server", "client"] as const) {
    Deno.test({
      name: `a UDP ${where} in a container, where the directory has another name, receives from its peer (${door})`,
      ignore: !canMount,
      fn: () =>
        withNames(async (names) => {
          const inside = (text: string) => contained(names, program(door, names.inside, text));
          const outside = (text: string) => program(door, names.outside, text);
          const [server, client] = where === "server" ? [inside, outside] : [outside, inside];
          await converse(names.outside, server(programText("server")), client(programText("client")));
        }),
    });
  }

  for (const where of ["server", "client"] as const) {
    Deno.test({
      name: `a UDP ${where} that reaches the directory through a link receives from its peer (${door})`,
      ignore: !need("python3"),
      fn: () =>
        withDir(async (base) => {
          const [dir, link] = [`${base}/run/x`, `${base}/var/run/x`];
          await Deno.mkdir(dir, { recursive: true });
          await Deno.mkdir(`${base}/var`);
          await Deno.symlink("../run", `${base}/var/run`);
          const [server, client] = where === "server" ? [link, dir] : [dir, link];
          await converse(
            dir,
            program(door, server, programText("server")),
            program(door, client, programText("client")),
          );
        }),
    });
  }
}

const INHERITED: Facts = { server: ["AF_INET", "127.0.0.1", 2001], "it answers from": ["127.0.0.1", 2001] };
/** Of a stream, and of who is connected, the kernel does not tell it to others. */
const INHERITED_BY_LINK: Facts = {
  client: ["AF_INET", "127.0.0.1"],
  "its peer": ["127.0.0.1", 2001],
  "the server hears it by its name": true,
  listener: ["AF_INET", "127.0.0.1", 2001],
};

for (const way of ["link", "mount"] as const) {
  Deno.test({
    name: `sockets that a program inherits are known where it has the directory by another name (${way})`,
    ignore: !canMount,
    fn: () =>
      withNames(async ({ outside, inside }) => {
        if (way === "link") {
          await Deno.remove(inside);
          await Deno.symlink(outside, inside);
        }
        const command = [
          "env",
          `OTHER=${inside}`,
          `AGAIN=${programText("inherits")}`,
          ...program("preload", outside, programText("inherits"), way),
        ];
        const mounted = [
          ...NAMESPACES(),
          "sh",
          "-c",
          'mount --bind "$1" "$2" && shift 2 && exec "$@"',
          "sh",
          outside,
          inside,
          ...command,
        ];
        const { stdout, stderr } = await run(way === "mount" ? mounted : command);
        assertStrictEquals(stderr, "");
        assertEquals(readFacts(stdout), { ...INHERITED, ...way === "link" ? INHERITED_BY_LINK : {} });
      }),
  });
}

for (const door of DOORS) {
  Deno.test({
    name: `a socket in another directory with the name of one of ours is not taken for it (${door})`,
    ignore: !need("python3"),
    fn: () =>
      withNames(async ({ outside }, base) => {
        await Deno.mkdir(`${base}/theirs`);
        const { stdout, stderr } = await run(program(door, outside, programText("hostile"), `${base}/theirs`));
        assertEquals({ stdout, stderr }, { stdout: "True\n", stderr: "" });
      }),
  });
}
