/**
 * Names processes as their users know them: by the program that was started, and for an interpreter also by its script.
 * The kernel's name of a process is its main thread's, which Node.js sets to `MainThread`.
 */
import * as fs from "node:fs";
import { linkTarget, orUndefined, readText } from "./files.ts";

/** How many bytes of a command line are read. The kernel allows 2 MB. */
const READ_MOST = 4096;
const NAME_MOST = 40;

interface Interpreter {
  /** Options whose value is the next word. */
  readonly valued: readonly string[];
  /** Options whose value names the program, so that there is no script. */
  readonly program: readonly string[];
  /** Options whose value is code, so that there is no script. */
  readonly code: readonly string[];
  /** Words that may stand before the script, such as `run`. */
  readonly commands: readonly string[];
}

function interpreter(valued: string, program: string, code: string, commands = ""): Interpreter {
  const words = (text: string) => text.split(" ").filter((word) => word !== "");
  return { valued: words(valued), program: words(program), code: words(code), commands: words(commands) };
}

const NODE = interpreter("-r --require --import --loader --experimental-loader -C --conditions", "", "-e --eval -p");
const SHELL = interpreter("-o -O +o +O", "", "-c");
const INTERPRETERS: readonly (readonly [RegExp, Interpreter])[] = [
  [/^node(js)?$/, NODE],
  [/^deno$/, interpreter("-c --config -L --import-map --lock --port --host", "", "eval", "run serve test bench x")],
  [/^bun$/, interpreter("-r --preload --cwd", "", "-e --eval", "run test x")],
  [/^(python|pypy)[\d.]*$/, interpreter("-W -X", "-m", "-c")],
  [/^ruby[\d.]*$/, interpreter("-C -I -r", "", "-e")],
  [/^perl[\d.]*$/, interpreter("-I", "", "-e -E")],
  [/^php[\d.]*$/, interpreter("-c -d", "-f", "-r")],
  [/^java$/, interpreter("-cp -classpath --class-path -p --module-path --add-modules", "-jar -m --module", "")],
  [/^lua[\d.]*$/, interpreter("-l", "", "-e")],
  [/^(ba|da|k|z|a)?sh$/, SHELL],
];

/** Decodes bytes as UTF-8. If that fails, each byte beyond ASCII becomes `\xNN`. */
function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // not UTF-8, or cut within a character
    return Array.from(bytes, (byte) => byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`).join("");
  }
}

/** Reads the beginning of a process's command line. Returns no words for a kernel thread or an ended process. */
function commandLine(pid: number): string[] {
  const words = orUndefined(() => {
    const fd = fs.openSync(`/proc/${pid}/cmdline`, "r");
    try {
      const bytes = new Uint8Array(READ_MOST);
      return splitWords(bytes.subarray(0, fs.readSync(fd, bytes, 0, READ_MOST, null)));
    } finally {
      fs.closeSync(fd);
    }
  });
  return (words ?? []).map(decode);
}

function splitWords(line: Uint8Array): Uint8Array[] {
  const words: Uint8Array[] = [];
  for (let start = 0; start < line.length;) {
    const end = line.indexOf(0, start);
    words.push(line.subarray(start, end < 0 ? line.length : end));
    start = end < 0 ? line.length : end + 1;
  }
  return words;
}

function baseName(file: string): string {
  return file.replace(/\/+$/, "").replace(/^.*\//s, "") || file;
}

/** Returns the script that an interpreter's arguments name, or the program: `-m http.server`; else undefined. */
function scriptOf(words: readonly string[], { valued, program, code, commands }: Interpreter): string | undefined {
  let isFirst = true;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (code.includes(word)) return undefined;
    const next = words[at + 1];
    if (program.includes(word)) return next === undefined ? undefined : `${word} ${baseName(next)}`;
    if (valued.includes(word)) at++;
    else if (word === "--") return next === undefined ? undefined : baseName(next);
    else if (isFirst && commands.includes(word)) isFirst = false;
    else if (!/^[-+]/.test(word)) return baseName(word);
  }
  return undefined;
}

/**
 * @param words The command line of a process.
 * @param file The path of the file that the process executes.
 * @returns The name, such as `node server.js`, `python3 -m http.server` or `redis-server`. If the process has written a
 *   title over its command line, the title: `nginx: worker process`. Undefined if the command line is empty.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(nameOfCommand(["/usr/bin/node", "--watch", "src/server.js"]), "node server.js");
 * assertEquals(nameOfCommand(["nginx: worker process"]), "nginx: worker process");
 * ```
 */
export function nameOfCommand(words: readonly string[], file?: string): string | undefined {
  const [first = "", ...rest] = words;
  if (first.trim() === "") return undefined;
  // A title is one text with blanks. It may begin with a path: "/usr/bin/redis-server 127.0.0.1:6379".
  if (first.includes(" ") && first !== file) return shorten(first.replace(/^[^ ]*\//, "").trim());
  const base = baseName(first).replace(/^-/, ""); // "-": a login shell
  const [, found] = INTERPRETERS.find(([names]) => names.test(base)) ?? [];
  const script = found && scriptOf(rest.filter((word) => word !== ""), found);
  return shorten(script === undefined ? base : `${base} ${script}`);
}

function shorten(name: string): string {
  const characters = Array.from(name);
  return characters.length <= NAME_MOST ? name : `${characters.slice(0, NAME_MOST - 1).join("")}…`;
}

/** Ticks of /proc/PID/stat in a second, the same on all machines. */
const TICKS = 100;
let boot: number | undefined;

/** @returns When the process was started (proc(5)), or undefined if it has ended. */
export function processStart(pid: number): Date | undefined {
  // The process's name, in brackets, may contain any character. The start is the 20th field after the name.
  const ticks = readText(`/proc/${pid}/stat`)?.replace(/^.*\) /s, "").split(" ")[19];
  boot ??= Number(/^btime (\d+)$/m.exec(readText("/proc/stat") ?? "")?.[1]);
  return ticks === undefined || Number.isNaN(boot) ? undefined : new Date(1000 * (boot + Number(ticks) / TICKS));
}

/** @returns The name of a process, or undefined if it has ended. Control characters are not escaped. */
export function processName(pid: number): string | undefined {
  const thread = () => readText(`/proc/${pid}/comm`)?.replace(/\n$/, "");
  return nameOfCommand(commandLine(pid), linkTarget(`/proc/${pid}/exe`)) ?? thread();
}
