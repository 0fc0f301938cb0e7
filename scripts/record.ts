/**
 * Types a few commands into a real shell and draws their output: docs/recording.svg, which the README shows, and
 * docs/list.svg, which docs/traffic.md shows.
 *
 * Usage: `deno task record`. Needs git, python3, curl, ss, node, redis-server and script.
 */
import * as path from "@std/path/posix";
import { build } from "./build.ts";
import { drawTerminal, type Step } from "./record/terminal.ts";

const ROOT = path.join(import.meta.dirname ?? ".", "..");

export interface Recording {
  readonly file: string;
  readonly title: string;
  /** Lines that the shell runs before the commands. Their output is not shown. */
  readonly prepare: string;
  readonly commands: readonly string[];
  /**
   * Matches the lines of output to show. All others are left out, since root's list has other users' loopbacks, too.
   */
  readonly shown?: RegExp;
}

const TITLE =
  "Two checkouts serve on port 3000 at once: a client in each reaches its own server, and no TCP port is open";

/** Makes a checkout, `webshop`, with one page. The commands start from it. */
const PREPARE = `
git init -q webshop
echo '<h1>shop</h1>' >webshop/index.html
git -C webshop add .
git -C webshop -c user.name=Somebody -c user.email=somebody@example.org commit -qm first
`;

const COMMANDS: readonly string[] = [
  "git -C webshop worktree add -q ../sale && echo '<h1>sale: 20 % off</h1>' >sale/index.html",
  "cd webshop && unsock run --here -- python3 -m http.server 3000 >/dev/null 2>&1 &",
  "cd sale && unsock run --here -- python3 -m http.server 3000 >/dev/null 2>&1 &",
  "(cd webshop && unsock wait --here 3000 && unsock run --here -- curl -s http://localhost:3000/)",
  "(cd sale && unsock wait --here 3000 && unsock run --here -- curl -s http://localhost:3000/)",
  "ss -Htln 'sport = 3000' | wc -l     # TCP ports with this number",
  "unsock ls --all | grep -e NAME -e /webshop/",
];

export const SESSION: Recording = { file: "recording.svg", title: TITLE, prepare: PREPARE, commands: COMMANDS };

const LIST_TITLE =
  "unsock ls --all lists six loopbacks: of three checkouts, an API, a database and a test run, with their URLs";

/**
 * Makes six loopbacks, four of them with the same port, and a front at port FRONT, or at any free port if FRONT is not
 * set.
 */
const LIST_PREPARE = `
git init -q shop
echo 'require("http").createServer((_, answer) => answer.end("shop")).listen(3000, "127.0.0.1")' >shop/server.js
git -C shop add .
git -C shop -c user.name=Somebody -c user.email=somebody@example.org commit -qm first
for branch in cart sale; do git -C shop worktree add -q ../$branch; done
for one in shop cart sale; do
  (cd $one && exec unsock run --here -- node server.js) &
done
unsock run --private --name api -- python3 -m http.server 8000 >/dev/null 2>&1 &
unsock run --private --name db -- redis-server --port 6379 --save '' >/dev/null 2>&1 &
(cd shop && exec unsock run --private --name test -- node server.js) &
for one in shop cart sale; do (cd $one && unsock wait --here 3000 --timeout 60); done
until [ $(unsock ls --all | grep -c -e '^api .*http' -e '^db .*redis' -e '^test .*node') = 3 ]; do sleep 0.1; done
unsock expose --http \${FRONT:-0} >front &
until grep -q Serving front; do sleep 0.1; done
`;

/** The recording of `ls --all`, on a terminal of 100 columns. */
export const LIST: Recording = {
  file: "list.svg",
  title: LIST_TITLE,
  prepare: LIST_PREPARE,
  commands: ["unsock ls --all"],
  shown: /^(NAME|shop|cart|sale|api|db|test) /,
};

/** Returns the shell line for a command. `ls --all` alone runs on a terminal: its list is as wide as the terminal. */
function typed(command: string): string {
  return command.startsWith("unsock ls --all") && !command.includes("|")
    ? `script -qec 'stty cols 100; ${command}' /dev/null`
    : command;
}

/**
 * Runs the commands in one shell.
 *
 * @returns The commands and their output, with `~` in place of the directory in which they ran.
 * @throws {Error} When a command fails.
 */
export async function record({ prepare, commands, shown = /^/ }: Recording): Promise<Step[]> {
  const mark = crypto.randomUUID();
  const home = await Deno.makeTempDir({ prefix: "unsock-record-" });
  try {
    const start = [Deno.execPath(), "run", "-A", path.join(ROOT, "main.ts")].join(" ");
    await Deno.mkdir(`${home}/bin`);
    await Deno.writeTextFile(`${home}/bin/unsock`, `#!/bin/sh\nexec ${start} "$@"\n`, { mode: 0o755 });
    // With job control each server is a process group of its own. When the shell exits, the trap kills all groups.
    const end = "trap 'for job in $(jobs -p); do kill -- -$job; done' EXIT";
    const all = commands.map((one) => `echo ${mark}; ${typed(one)}`);
    const script = ["set -e -m -o pipefail", end, prepare, ...all].join("\n");
    const { success, stdout, stderr } = await new Deno.Command("bash", {
      args: ["-c", script],
      cwd: home,
      env: {
        PATH: `${home}/bin:${Deno.env.get("PATH")}:/usr/sbin`,
        XDG_RUNTIME_DIR: home,
        HOME: home,
        DENO_DIR: Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`,
        LC_ALL: "C.UTF-8",
        NO_COLOR: "1",
      },
    }).output();
    const decoder = new TextDecoder();
    if (!success) throw new Error(`a command failed: ${decoder.decode(stdout)}${decoder.decode(stderr)}`);
    const [, ...outputs] = decoder.decode(stdout).replaceAll(home, "~").split(`${mark}\n`);
    return commands.map((command, i) => ({
      command,
      output: linesOf(outputs[i] ?? "").filter((line) => shown.test(line)),
    }));
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
    Deno.env.set("FRONT", "8080");
    for (const recording of [SESSION, LIST]) {
      const file = path.join(ROOT, "docs", recording.file);
      await Deno.writeTextFile(file, drawTerminal(recording.title, await record(recording)));
      console.log(file);
    }
  } catch (error) {
    console.error(`record: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
