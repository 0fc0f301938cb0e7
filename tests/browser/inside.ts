/**
 * Tests browsers that run in checkouts' loopbacks, as docs/worktrees.md shows them: each opens http://localhost:3000/ of its
 * own checkout, with an OAuth redirect, a cookie, and requests to port 8000. Run by `deno task test:browser`.
 */
import { assertEquals, assertNotStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { readBlocks } from "../docs/page.ts";
import { addWorktree, makeRepository } from "../support/checkout.ts";
import { copyProgram, withDir, writeProgram } from "../support/dir.ts";
import { assertNoIpListener } from "../support/net.ts";
import { type Proc, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { shimLibrary } from "../support/shim.ts";
import { asUser, CLIENT, whyNoOtherUser } from "../support/users.ts";
import { until } from "../support/wait.ts";

const isRoot = Deno.uid() === 0;
const programText = programsOf(import.meta);
const BROWSER_MS = 120_000;

/** Without a screen; what the page types comes behind. */
const CHROMIUM =
  "chromium --headless=new --disable-gpu --disable-dev-shm-usage --no-first-run --remote-debugging-port=0";
const FIREFOX = "firefox-esr --headless";

/** Two checkouts of a user's, each with the servers of app.py, and the commands of the page. */
class Desk {
  readonly dir: string;
  readonly #user: number;

  constructor(dir: string, user: number) {
    this.dir = dir;
    this.#user = user;
  }

  async prepare(browser: string): Promise<void> {
    await makeRepository(`${this.dir}/main`);
    await addWorktree(`${this.dir}/main`, `${this.dir}/feature`, "feature");
    for (const folder of ["r", "bin"]) Deno.mkdirSync(`${this.dir}/${folder}`, { mode: 0o700 });
    copyProgram(shimLibrary(), `${this.dir}/bin/unsock`);
    const [name = ""] = browser.split(" ");
    writeProgram(`${this.dir}/bin/${name}`, `#!/bin/sh\nexec /usr/bin/${browser} "$@"\n`);
    Deno.writeTextFileSync(`${this.dir}/app.py`, programText("app.py"));
    if (this.#user !== Deno.uid()) await own(this.dir, this.#user);
  }

  /** Starts a line of a shell, as this user. */
  start(line: string): Proc {
    const command = ["/bin/sh", "-ec", line];
    const env = {
      PATH: `${this.dir}/bin:/usr/bin:/bin`,
      HOME: this.dir,
      TMPDIR: this.dir,
      XDG_RUNTIME_DIR: `${this.dir}/r`,
    };
    return start(this.#user === Deno.uid() ? command : asUser(this.#user, command), {
      cwd: this.dir,
      env,
      clearEnv: true,
    });
  }
}

/** Gives the directory and all in it to the user. */
async function own(dir: string, user: number): Promise<void> {
  const { success } = await new Deno.Command("chown", { args: ["-R", `${user}:${user}`, dir] }).output();
  assertEquals(success, true);
}

/** What the page has reported to its checkout's server. */
function reportOf(server: Proc): Record<string, string> | undefined {
  const text = /^REPORT=(.*)$/m.exec(server.output())?.[1];
  return text === undefined ? undefined : JSON.parse(text);
}

/** The page's command for a browser, in one checkout or the other. */
function lineOf(browser: string, checkout: string): string {
  const block = readBlocks("worktrees").find(({ language, text }) =>
    language === "sh" && text.includes(`-- ${browser}`)
  );
  return (block?.text ?? "").replace("cd feature", `cd ${checkout}`);
}

/** @param flags What the page says besides: `--no-sandbox` for root. */
function test(browser: string, user: number, flags: string): void {
  const [name = ""] = browser.split(" ");
  Deno.test({
    name:
      `${name} in each of two checkouts, as user ${user}: the OAuth redirect, the cookie and CORS are the project's own`,
    ignore: !need(name, "git", "python3") || (user !== Deno.uid() && whyNoOtherUser() !== undefined),
    fn: () =>
      withDir(async (dir) => {
        const desk = new Desk(dir, user);
        await desk.prepare(`${browser}${flags}`);
        await using running = new AsyncDisposableStack();
        const servers = new Map(["main", "feature"].map((checkout) => {
          const line = `cd ${checkout} && exec unsock run --here -- python3 ${join(dir, "app.py")} ${checkout}`;
          return [checkout, running.use(desk.start(line))];
        }));
        for (const server of servers.values()) await until("it listens", () => /^READY=1$/m.test(server.output()));
        for (const port of [3000, 8000]) assertNoIpListener(port);
        for (const [checkout, server] of servers) {
          const line = lineOf(name, checkout);
          assertNotStrictEquals(line, "");
          const started = running.use(desk.start(line.replace("unsock run", "exec unsock run")));
          const report = await until(`${checkout}: ${started.output()}`, () => reportOf(server), BROWSER_MS);
          const session = `session=c-${checkout}-s-${checkout}`;
          assertEquals(report, {
            url: "http://localhost:3000/home",
            cookie: session,
            allowed: `${checkout} heard ${session}`,
            forbidden: "TypeError",
          });
        }
      }),
  });
}

test(CHROMIUM, Deno.uid() ?? -1, isRoot ? " --no-sandbox" : "");
test(FIREFOX, Deno.uid() ?? -1, "");
if (isRoot) {
  test(CHROMIUM, CLIENT, "");
  test(FIREFOX, CLIENT, "");
}
