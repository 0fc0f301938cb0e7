/** What every command gets: the world as it found it, opened lazily, so that `--help` costs nothing. */
import { Environ, splitNul } from "./environ.ts";
import { type Libc, openLibc } from "./ffi.ts";
import { Proc } from "./proc.ts";
import { askSystem, type System } from "./linux.ts";

/** The surroundings of one invocation. */
export class Context {
  #libc: Libc | undefined;
  #system: System | undefined;
  #environ: Environ | undefined;
  readonly #args: readonly string[];

  /**
   * @param args All arguments.
   * @param print Writes to standard output.
   * @param warn Writes one line to standard error.
   */
  constructor(
    args: readonly string[],
    readonly print: (text: string) => void,
    readonly warn: (line: string) => void,
  ) {
    this.#args = args;
  }

  /** libc, opened at the first use. */
  get libc(): Libc {
    return this.#libc ??= openLibc();
  }

  /** Whose process this is, asked at the first use. */
  get system(): System {
    return this.#system ??= askSystem(this.libc);
  }

  /** `/proc` */
  get proc(): Proc {
    return new Proc(this.libc);
  }

  /** The caller's environment. */
  get environ(): Environ {
    return this.#environ ??= Environ.ofProcess(this.proc);
  }

  /**
   * The last arguments as bytes: a command's need not be UTF-8, and it is to get them as they came.
   *
   * @param count How many.
   */
  lastArguments(count: number): readonly Uint8Array[] {
    const first = this.#args.length - count;
    const raw = splitNul(this.proc.read("/proc/self/cmdline") ?? new Uint8Array()).slice(-this.#args.length);
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    const isOurs = raw.length > 0 && raw.every((bytes, index) => decoder.decode(bytes) === this.#args[index]);
    return isOurs ? raw.slice(first) : this.#args.slice(first).map((arg) => new TextEncoder().encode(arg));
  }
}
