/**
 * Tests the README's set-up on a bare Debian 13. Types the commands of the README's section "From a clone" as they are
 * written: root types the `apt-get` line; an ordinary user and then root type the other lines, each with an empty
 * cache. Then root types the commands of docs/recipes.md for names outside browsers, and the user runs the README's
 * recipes with the npm package on Debian's Node.js. On a bare Debian 12, types the commands for a clone except the
 * tests, to see that the older compiler and headers build the library.
 *
 * Usage, as root: `deno task test:bare [--demo] [--older]`. `--demo` leaves out the tests, `--older` leaves out Debian
 * 13. Needs mmdebstrap, unshare and git. Prints a log with times, and removes the bare system at the end. Exits with 1
 * if a line fails.
 */
import * as path from "@std/path/posix";
import { mirror } from "../tests/libcs/old_root.ts";
import { interrupted, untilInterrupted } from "./interruption.ts";

const ROOT = path.join(import.meta.dirname ?? ".", "..");
const RELEASE = "trixie";
const OLDER = "bookworm";
const USER = "newcomer";
const SOURCE = "/srv/unsock.git";
/** Variables for certificates, proxies and the registry. In some networks nothing can be fetched without them. */
const CERTIFICATES = /CERT|_CA_|_CAINFO|_PROXY$|_proxy$|^npm_config_registry$/;

/** @returns The commands in a section of a page, in order. */
export function linesOf(page: string, heading: string): string[] {
  const [, section = ""] = new RegExp(`^##+ ${heading}\\n([^]*?)(?:^##+ |(?![^]))`, "m").exec(page) ?? [];
  return [...section.matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(([, block = ""]) => block.trim().split("\n"));
}

/** The command that installs the programs that the README's recipes need and the set-up does not. */
const RECIPES_NEED = "apt-get install -y --no-install-recommends curl iproute2";

/**
 * The commands that run the README's recipes (tests/docs/readme_test.ts) with the npm package on Debian's own Node.js.
 */
const ON_NODE = [
  `npx --yes deno@2.9.6 eval 'import { packModule } from "./tests/npm/packages.ts"; await packModule(Deno.cwd() + "/build/npm")'`,
  "mkdir -p build/project && npm install --no-audit --no-fund --prefix build/project build/npm/packages/*.tgz",
  'UNSOCK_TEST_BINARY="$PWD/build/project/node_modules/.bin/unsock" npx --yes deno@2.9.6 test -A tests/docs/readme_test.ts',
];

const start = performance.now();

function say(text: string): void {
  console.log(`${((performance.now() - start) / 1000).toFixed(0).padStart(5)} s  ${text}`);
}

async function succeed(command: readonly string[], options: Deno.CommandOptions = {}): Promise<void> {
  const [program = "", ...args] = command;
  const child = new Deno.Command(program, { ...options, args, stdin: "null", signal: interrupted }).spawn();
  const { success, code } = await child.status;
  if (!success) throw new Error(`${command.at(-1)}: exit status ${code}`);
}

/**
 * Copies this machine's resolv.conf and certificates to the new machine, so that it reaches the same mirror and
 * registry. Returns the variables to set there.
 */
async function copySettings(root: string): Promise<Record<string, string>> {
  const kept: Record<string, string> = {};
  await Deno.copyFile("/etc/resolv.conf", path.join(root, "etc/resolv.conf"));
  for (const [name, value] of Object.entries(Deno.env.toObject())) {
    if (!CERTIFICATES.test(name)) continue;
    kept[name] = value;
    if (!value.startsWith("/")) continue;
    const copy = path.join(root, value);
    await Deno.mkdir(path.dirname(copy), { recursive: true });
    // Debian's links to certificates are absolute: without these options, cp would write to this machine's files.
    await succeed(["cp", "-rL", "--remove-destination", value, path.dirname(copy)]);
  }
  return kept;
}

/** Makes a machine with nothing but Debian's essential packages, apt and the repository to clone. */
async function makeMachine(root: string, release: string): Promise<Record<string, string>> {
  const quiet = { stdout: "null", stderr: "null" } as const;
  await succeed(["mmdebstrap", "--variant=minbase", release, root, await mirror()], quiet);
  await succeed(["git", "clone", "--quiet", "--bare", ROOT, path.join(root, SOURCE)]);
  // Lets git clone a repository that another user owns.
  await Deno.writeTextFile(path.join(root, "etc/gitconfig"), "[safe]\n\tdirectory = *\n");
  await succeed(["chroot", root, "useradd", "--create-home", "--shell", "/bin/bash", USER]);
  return await copySettings(root);
}

/**
 * Enters the machine as a container's runtime does: with pivot_root, since a process in a chroot may not make user
 * namespaces. The shell does not end with `exec`, so that it stays as the init process, which waits for orphans.
 */
const ENTER = `
mount --bind "$0" "$0"
mount -t proc proc "$0/proc"
mount --rbind /dev "$0/dev"
cd "$0"
pivot_root . mnt
umount --lazy /mnt
"$@"
exit`;

/** Types a line in the new machine. Of this machine's environment, it gets only the variables in `kept`. */
async function type(
  line: string,
  user: string,
  root: string,
  kept: Record<string, string>,
  stdout: "inherit" | "null" = "inherit",
): Promise<void> {
  const home = user === "root" ? "/root" : `/home/${user}`;
  const environment = {
    ...kept,
    HOME: home,
    USER: user,
    LOGNAME: user,
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    DEBIAN_FRONTEND: "noninteractive",
    NO_COLOR: "1",
  };
  const as = user === "root" ? [] : ["setpriv", `--reuid=${user}`, `--regid=${user}`, "--init-groups"];
  const shell = ["bash", "-ec", `cd ${home}; [ ! -d unsock ] || cd unsock; ${line}`];
  say(`${user}$ ${line}`);
  const words = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-ec", ENTER, root, ...as, ...shell];
  await succeed(words, { env: environment, clearEnv: true, stdout });
}

/** Removes the package lists that mmdebstrap has left, as Debian's own images have none. */
async function forgetLists(root: string): Promise<void> {
  await succeed(["chroot", root, "sh", "-c", "rm -rf /var/lib/apt/lists/*"]);
}

async function sizeOf(root: string): Promise<string> {
  const args = [root, "dpkg-query", "--show", "--showformat=${Installed-Size}\n"];
  const { stdout } = await new Deno.Command("chroot", { args }).output();
  const sizes = new TextDecoder().decode(stdout).trim().split("\n").map(Number);
  return `${sizes.length} packages of ${
    Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1024)
  } MB are installed`;
}

/** Types the commands for a clone: the first one as root, the others as each of the users. */
async function tryClone(root: string, release: string, lines: readonly string[]): Promise<Record<string, string>> {
  const kept = await makeMachine(root, release);
  say(`a bare ${release} is made`);
  const [install = "", ...tasks] = lines;
  if (!install.startsWith("apt-get ")) throw new Error(`README.md: not a line of apt-get: ${install}`);
  await forgetLists(root);
  await type(install, "root", root, kept, "null");
  say(await sizeOf(root));
  await copySettings(root); // a package has replaced the certificates by Debian's own
  for (const user of [USER, "root"]) {
    await type(`git clone --quiet file://${SOURCE} unsock`, user, root, kept);
    for (const task of tasks) await type(task, user, root, kept);
  }
  return kept;
}

/** @param names Commands that change how the machine resolves names. Root types them after `lines`. */
async function tryOut(root: string, lines: readonly string[], names: readonly string[]): Promise<void> {
  const kept = await tryClone(root, RELEASE, lines);
  for (const line of names) await type(line, "root", root, kept);
  await type(RECIPES_NEED, "root", root, kept, "null");
  for (const line of ON_NODE) await type(line, USER, root, kept);
}

/** Runs `work` with the directory of a new machine, and removes the directory at the end. */
async function withMachine(work: (root: string) => Promise<unknown>): Promise<void> {
  const parent = await Deno.makeTempDir({ prefix: "unsock-bare-" });
  try {
    await Deno.chmod(parent, 0o755);
    await work(path.join(parent, "root"));
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

async function main(args: readonly string[]): Promise<void> {
  const lines = linesOf(await Deno.readTextFile(path.join(ROOT, "README.md")), "From a clone");
  const names = linesOf(await Deno.readTextFile(path.join(ROOT, "docs/recipes.md")), "Names outside browsers");
  const untested = lines.filter((line) => !line.endsWith(" task test"));
  if (!args.includes("--older")) {
    await withMachine((root) => tryOut(root, args.includes("--demo") ? untested : lines, names));
  }
  await withMachine((root) => tryClone(root, OLDER, untested));
  say("every line did what the README says");
}

if (import.meta.main) {
  try {
    await untilInterrupted(() => main(Deno.args));
  } catch (error) {
    console.error(`bare: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
