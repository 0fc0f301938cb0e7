/** A user's home with checkouts and a browser without a screen, for tests that may be root's and may not. */
import { assertEquals } from "@std/assert";
import { writeProgram } from "../support/dir.ts";
import { unsockForEverybody } from "../support/everybody.ts";
import { type Proc, run, type RunResult, start } from "../support/process.ts";
import { asUser } from "../support/users.ts";

const LONG_MS = 300_000;

/** Without a screen; what a page types comes behind. */
export const CHROMIUM =
  "chromium --headless=new --disable-gpu --disable-dev-shm-usage --no-first-run --remote-debugging-port=0";

/** The home, which is the user's once it is open. */
export class Desk {
  readonly dir: string;
  readonly #user: number;

  constructor(dir: string, user: number) {
    this.dir = dir;
    this.#user = user;
  }

  /** Puts `unsock` and the browser into PATH, and gives all that is there to the user. */
  async open(browser: string): Promise<void> {
    for (const folder of ["r", "bin", "e"]) Deno.mkdirSync(`${this.dir}/${folder}`, { mode: 0o700 });
    const unsock = await unsockForEverybody(`${this.dir}/e`);
    Deno.symlinkSync(unsock, `${this.dir}/bin/unsock`);
    const [name = ""] = browser.split(" ");
    writeProgram(`${this.dir}/bin/${name}`, `#!/bin/sh\nexec /usr/bin/${browser} "$@"\n`);
    if (this.#user === Deno.uid()) return;
    const owned = await run(["chown", "-Rh", `${this.#user}:${this.#user}`, this.dir]);
    assertEquals(owned.code, 0, owned.stderr);
  }

  #command(line: string): string[] {
    const command = ["/bin/sh", "-ec", line];
    return this.#user === Deno.uid() ? command : asUser(this.#user, command);
  }

  get #options() {
    const env = {
      PATH: `${this.dir}/bin:/usr/bin:/bin`,
      HOME: this.dir,
      TMPDIR: this.dir,
      XDG_RUNTIME_DIR: `${this.dir}/r`,
    };
    return { cwd: this.dir, env, clearEnv: true };
  }

  /** Starts a line of a shell, as this user. */
  start(line: string): Proc {
    return start(this.#command(line), this.#options);
  }

  /** Runs a line of a shell to its end, as this user; it must succeed. */
  async run(line: string): Promise<RunResult> {
    const result = await run(this.#command(line), { ...this.#options, timeoutMs: LONG_MS });
    assertEquals(result.code, 0, `${line}\n${result.stdout}${result.stderr}`);
    return result;
  }
}
