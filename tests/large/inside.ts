/**
 * Tests browsers that run in checkouts' loopbacks, as docs/worktrees.md shows them: each opens http://localhost:3000/ of its
 * own checkout, with an OAuth redirect, a cookie, and requests to port 8000. Run by `deno task test:browser`.
 */
import { assertEquals, assertNotStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { readBlocks } from "../docs/page.ts";
import { addWorktree, makeRepository } from "../support/checkout.ts";
import { withDir } from "../support/dir.ts";
import { assertNoIpListener } from "../support/net.ts";
import type { Proc } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { CLIENT, whyNoOtherUser } from "../support/users.ts";
import { until } from "../support/wait.ts";
import { CHROMIUM, Desk } from "./desk.ts";

const isRoot = Deno.uid() === 0;
const programText = programsOf(import.meta);
const BROWSER_MS = 120_000;

/** Without a screen; what the page types comes behind. */
const FIREFOX = "firefox-esr --headless";

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
        await makeRepository(`${dir}/main`);
        await addWorktree(`${dir}/main`, `${dir}/feature`, "feature");
        Deno.writeTextFileSync(`${dir}/app.py`, programText("app"));
        await desk.open(`${browser}${flags}`);
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
