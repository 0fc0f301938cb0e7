/**
 * Types a few commands into a real shell and draws their output: docs/recording.svg, which the README shows.
 *
 * Usage: `deno task record [FILE]`. Needs python3, curl, ss; the directory /tmp/sockets must not exist.
 */
import * as path from "@std/path/posix";
import { build } from "./build.ts";
import { drawTerminal, type Step } from "./record/terminal.ts";

const ROOT = path.join(import.meta.dirname ?? ".", "..");
export const SOCKETS = "/tmp/sockets";
const TITLE =
  "A web server and a client under unsock: the answer arrives, no TCP port is open, and a socket file is there";

/** @returns The commands to type, with this directory for the socket files. */
export function commandsIn(sockets: string): string[] {
  return [
    `export UNSOCK_DIR=${sockets}`,
    "unsock run -- python3 -m http.server 8000 >/dev/null 2>&1 &",
    "unsock wait 8000",
    "unsock run -- curl -sI http://127.0.0.1:8000/ | head -n 1",
    "ss -Htln 'sport = 8000' | wc -l     # TCP ports with this number",
    "unsock ls",
    'curl -s --unix-socket "$(unsock path 8000)" http://localhost/ | head -n 1',
  ];
}

/**
 * Runs the commands in one shell.
 *
 * @param sockets A directory that is not there; it is made, and removed in the end.
 * @returns The commands and their output.
 * @throws {Error} When a command fails.
 */
export async function record(sockets: string): Promise<Step[]> {
  const mark = crypto.randomUUID();
  const home = await Deno.makeTempDir({ prefix: "unsock-record-" });
  await Deno.mkdir(sockets, { mode: 0o700 });
  try {
    const start = [Deno.execPath(), "run", "-A", path.join(ROOT, "main.ts")].join(" ");
    await Deno.writeTextFile(`${home}/unsock`, `#!/bin/sh\nexec ${start} "$@"\n`, { mode: 0o755 });
    const commands = commandsIn(sockets);
    const script = ["set -e -o pipefail", "trap 'kill $!' EXIT", ...commands.map((one) => `echo ${mark}; ${one}`)];
    const { success, stdout, stderr } = await new Deno.Command("bash", {
      args: ["-c", script.join("\n")],
      cwd: home,
      env: { PATH: `${home}:${Deno.env.get("PATH")}:/usr/sbin`, LC_ALL: "C.UTF-8", NO_COLOR: "1" },
    }).output();
    const decoder = new TextDecoder();
    if (!success) throw new Error(`a command failed: ${decoder.decode(stdout)}${decoder.decode(stderr)}`);
    const [, ...outputs] = decoder.decode(stdout).split(`${mark}\n`);
    return commands.map((command, i) => ({ command, output: linesOf(outputs[i] ?? "") }));
  } finally {
    await Deno.remove(home, { recursive: true });
    await Deno.remove(sockets, { recursive: true });
  }
}

function linesOf(text: string): string[] {
  return text === "" ? [] : text.replaceAll("\r", "").replace(/\n$/, "").split("\n");
}

if (import.meta.main) {
  try {
    await build([]);
    const file = Deno.args[0] ?? path.join(ROOT, "docs", "recording.svg");
    await Deno.writeTextFile(file, drawTerminal(TITLE, await record(SOCKETS)));
    console.log(file);
  } catch (error) {
    console.error(`record: ${error instanceof Error ? error.message : error}`);
    Deno.exit(1);
  }
}
