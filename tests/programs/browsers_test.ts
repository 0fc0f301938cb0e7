/** Browsers with their own sandboxes, in which processes have seccomp filters, as an ordinary user in a private loopback. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { copyProgram, withDir } from "../support/dir.ts";
import { readFacts } from "../support/facts.ts";
import { mayUnshare } from "../support/namespaces.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { asNobody, NOBODY, whyNoOtherUser } from "../support/users.ts";

const programText = programsOf(import.meta);
const IS_ROOT = Deno.uid() === 0;

/** Its sandbox needs a user namespace. */
const MAY_SANDBOX = (!IS_ROOT || whyNoOtherUser() === undefined) && await mayUnshare(IS_ROOT ? NOBODY : undefined);

for (const browser of ["chromium", "firefox-esr"]) {
  for (const engine of ["preload", "trap"]) testBrowser(browser, engine);
}

function testBrowser(browser: string, engine: string) {
  Deno.test({
    name: `${browser} with its sandbox opens a page, asks by a WebSocket and downloads a file (${engine})`,
    ignore: !need(browser, "python3") || !MAY_SANDBOX,
    fn: () =>
      withDir(async (dir) => {
        const library = `${dir}/libunsock.so`;
        copyProgram(libraryFile(), library);
        Deno.chmodSync(library, 0o755);
        Deno.mkdirSync(`${dir}/home`);
        if (IS_ROOT) {
          Deno.chmodSync(dir, 0o755);
          Deno.chownSync(`${dir}/home`, NOBODY, NOBODY);
        }
        const server = ["/usr/bin/python3", "-c", programText("page"), `${dir}/home`, browser];
        const command = [library, "run", "--private", "--engine", engine, "--", ...server];
        const { code, stdout, stderr } = await run(IS_ROOT ? asNobody(command) : command, {
          env: { XDG_RUNTIME_DIR: `${dir}/home`, TMPDIR: `${dir}/home` },
          timeoutMs: 240_000,
        });
        assertStrictEquals(code, 0, stderr);
        assertEquals(readFacts(stdout), {
          heard: ["heard asked"],
          downloaded: true,
          "a renderer has its filter": true,
          "killed by a filter": 0,
        });
      }),
  });
}
