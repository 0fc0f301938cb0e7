/** An environment as the kernel keeps it: ordered byte strings, not necessarily UTF-8; a name may occur twice. */
import * as fs from "node:fs";
import process from "node:process";
import { orUndefined } from "./files.ts";

const LOAD_FILE = "UNSOCK_LOAD_FILE";
const LOAD_STRINGS = 2;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Splits NUL-terminated strings, as in `/proc/self/environ` and `/proc/self/cmdline`. */
export function splitNul(read: Uint8Array): Uint8Array[] {
  // `readFileSync` returns a Buffer, whose `subarray` takes thirty times as long as that of a Uint8Array.
  const bytes = new Uint8Array(read.buffer, read.byteOffset, read.length);
  const parts: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0, start)) {
    parts.push(bytes.subarray(start, end));
    start = end + 1;
  }
  if (start < bytes.length) parts.push(bytes.subarray(start));
  return parts;
}

/** Names and values, in order. Unchanged entries keep their bytes. */
export class Environ {
  #entries: Uint8Array[];

  /** @param entries `NAME=VALUE` each, without a NUL. */
  constructor(entries: readonly Uint8Array[]) {
    this.#entries = [...entries];
  }

  static of(variables: Readonly<Record<string, string>>): Environ {
    return new Environ(Object.entries(variables).map(([name, value]) => encoder.encode(`${name}=${value}`)));
  }

  /** Returns the environment with which this process was started: the kernel's copy, or without /proc the runtime's. */
  static ofProcess(): Environ {
    const entries = Environ.#ofKernel();
    if (entries === undefined) return Environ.ofRuntime();
    // If this process is trapped, its environment ends with two strings for the loader (c/process/exec.h): drops them.
    const load = entries.at(-LOAD_STRINGS);
    return new Environ(load && Environ.#isNamed(load, LOAD_FILE) ? entries.slice(0, -LOAD_STRINGS) : entries);
  }

  /** Returns the environment that the runtime reports, for systems without /proc. */
  static ofRuntime(): Environ {
    return Environ.of(Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ""])));
  }

  /** Returns the kernel's copy of the environment, or undefined if no /proc is mounted. */
  static #ofKernel(): Uint8Array[] | undefined {
    return orUndefined(() => splitNul(fs.readFileSync("/proc/self/environ")));
  }

  static #isNamed(entry: Uint8Array, name: string): boolean {
    const prefix = encoder.encode(`${name}=`);
    return entry.length >= prefix.length && prefix.every((byte, index) => entry[index] === byte);
  }

  /** Returns the first value of this name, as `getenv` does; undefined if there is none. */
  get(name: string): string | undefined {
    const entry = this.#entries.find((entry) => Environ.#isNamed(entry, name));
    return entry && decoder.decode(entry.subarray(encoder.encode(name).length + 1));
  }

  /** As {@linkcode Environ.get}, but an empty value counts as none. */
  getFilled(name: string): string | undefined {
    return this.get(name) || undefined;
  }

  /** Returns the entries as text, `NAME=VALUE` each. */
  texts(): string[] {
    return this.#entries.map((entry) => decoder.decode(entry));
  }

  /** Returns names and values as text. If a name occurs twice, its first value counts, as for `getenv`. */
  variables(): Record<string, string> {
    const pairs = this.texts().map((text): [string, string] => {
      const [name = ""] = text.split("=", 1);
      return [name, text.slice(name.length + 1)];
    });
    return Object.fromEntries(pairs.filter(([name]) => name !== "").toReversed());
  }

  /** Replaces the first value of this name, and removes its further values. Appends the value of a new name. */
  set(name: string, value: string): void {
    const entry = encoder.encode(`${name}=${value}`);
    const index = this.#entries.findIndex((entry) => Environ.#isNamed(entry, name));
    const others = this.#entries.filter((entry, i) => i <= index || !Environ.#isNamed(entry, name));
    if (index < 0) others.push(entry);
    else others[index] = entry;
    this.#entries = others;
  }

  /** Removes every value of this name. */
  delete(name: string): void {
    this.#entries = this.#entries.filter((entry) => !Environ.#isNamed(entry, name));
  }

  /** Returns an independent copy. */
  clone(): Environ {
    return new Environ(this.#entries);
  }

  /** Returns the entries, `NAME=VALUE` each, without a NUL. */
  get entries(): readonly Uint8Array[] {
    return this.#entries;
  }
}
