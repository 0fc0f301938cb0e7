/**
 * Types a few commands into a real shell and draws their output: docs/recording.svg, which the README shows.
 *
 * Usage: `deno task record [FILE]`. Needs git, python3, curl, ss.
 */
import * as path from "@std/path/posix";
import { build } from "./build.ts";
import { drawTerminal, type Step } from "./record/terminal.ts";

const ROOT = path.join(import.meta.dirname ?? ".", "..");
const TITLE =
  "Two checkouts serve on port 3000 at once: a client in each reaches its own server, and no TCP port is open";

/** The checkout that the commands begin with, and its page. */
const PREPARE = `
git init -q webshop
echo '<h1>shop</h1>' >webshop/index.html
git -C webshop add .
git -C webshop -c user.name=Somebody -c user.email=somebody@example.org commit -qm first
`;

/** The commands to type. */
export const COMMANDS: readonly string[] = [
  "git -C webshop worktree add -q ../sale && echo '<h1>sale: 20 % off</h1>' >sale/index.html",
  "cd webshop && unsock run --here -- python3 -m http.server 3000 >/dev/null 2>&1 &",
  "cd sale && unsock run --here -- python3 -m http.server 3000 >/dev/null 2>&1 &",
  "(cd webshop && unsock wait --here 3000 && unsock run --here -- curl -s http://localhost:3000/)",
  "(cd sale && unsock wait --here 3000 && unsock run --here -- curl -s http://localhost:3000/)",
  "ss -Htln 'sport = 3000' | wc -l     # TCP ports with this number",
  "unsock ls --all | grep -e NAME -e /webshop/",
];

/**
 * Runs the commands in one shell.
 *
 * @returns The commands and their output, with `~` for the directory that they ran in.
 * @throws {Error} When a command fails.
 */
export async function record(): Promise<Step[]> {
  const mark = crypto.randomUUID();
  const home = await Deno.makeTempDir({ prefix: "unsock-record-" });
  try {
    const start = [Deno.execPath(), "run", "-A", path.join(ROOT, "main.ts")].join(" ");
    await Deno.mkdir(`${home}/bin`);
    await Deno.writeTextFile(`${home}/bin/unsock`, `#!/bin/sh\nexec ${start} "$@"\n`, { mode: 0o755 });
    // With job control each server is a group of processes: both end with the shell.
    const end = "trap 'for job in $(jobs -p); do kill -- -$job; done' EXIT";
    const typed = COMMANDS.map((one) => `echo ${mark}; ${one}`);
    const script = ["set -e -m -o pipefail", end, PREPARE, ...typed].join("\n");
    const { success, stdout, stderr } = await new Deno.Command("bash", {
      args: ["-c", script],
      cwd: home,
      env: {
        PATH: `${home}/bin:${Deno.env.get("PATH")}:/usr/sbin`,
        XDG_RUNTIME_DIR: home,
        LC_ALL: "C.UTF-8",
        NO_COLOR: "1",
      },
    }).output();
    const decoder = new TextDecoder();
    if (!success) throw new Error(`a command failed: ${decoder.decode(stdout)}${decoder.decode(stderr)}`);
    const [, ...outputs] = decoder.decode(stdout).replaceAll(home, "~").split(`${mark}\n`);
    return COMMANDS.map((command, i) => ({ command, output: linesOf(outputs[i] ?? "") }));
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replaceAll("\r", "").replace(/\n$/, "").split("\n");
}

if (import.meta.main) {
  try {
    await build([]);
    const file = Deno.args[0] ?? path.join(ROOT, "docs", "recording.svg");
    await Deno.writeTextFile(file, drawTerminal(TITLE, await record()));
    console.log(file);
  } catch (error) {
    console.error(`record: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
