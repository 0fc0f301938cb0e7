/** Where the service manager forbids all but AF_UNIX (`RestrictAddressFamilies=AF_UNIX`), what is redirected goes on. */
import { assertEquals, assertMatch } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { readFacts } from "../support/facts.ts";
import { run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { unsockRun } from "../support/library.ts";
import { buildLinked } from "../support/static.ts";
import { until } from "../support/wait.ts";

const programText = programsOf(import.meta);

const FILTER = new URL("only_unix.c", import.meta.url).pathname;
const CANNOT = !need("cc", "python3", "curl");
const ENETUNREACH = 101;

Deno.test({
  name: "only AF_UNIX is allowed: a server and its clients go on, preloaded and trapped",
  ignore: CANNOT,
  fn: () =>
    withDir(async (dir) => {
      const onlyUnix = await buildLinked(FILTER, dir, "dynamic");
      const serve = [onlyUnix, "python3", "-u", "-m", "http.server", "--bind", "127.0.0.1", "8000"];
      await using server = start(unsockRun(`${dir}/s`, serve), { cwd: dir });
      await until("the server is there", () => Deno.lstat(`${dir}/s/8000.sock`).then(() => true, () => false));
      for (
        const [command, options] of [
          [[onlyUnix, "curl", "-sS"], []],
          [[onlyUnix, "curl", "-sS"], ["--engine", "trap"]],
          [["curl", "-sS"], []],
        ] as const
      ) {
        const client = await run(unsockRun(`${dir}/s`, [...command, "http://127.0.0.1:8000/"], [...options]));
        assertMatch(client.stdout, /Directory listing/, client.stderr + server.output());
      }
    }),
});

Deno.test({
  name: "only AF_UNIX is allowed: datagrams are sent and answered, and other addresses are unreachable",
  ignore: CANNOT,
  fn: () =>
    withDir(async (dir) => {
      const onlyUnix = await buildLinked(FILTER, dir, "dynamic");
      const python = (code: string) => run(unsockRun(`${dir}/s`, [onlyUnix, "python3", "-c", code]));
      const datagrams = await python(programText("datagrams"));
      assertEquals(readFacts(datagrams.stdout), {
        question: "question",
        "answer and sender": ["answer", ["127.0.0.1", 5300]],
        "connected to": ["::ffff:127.0.0.1", 5300],
        "heard of that": "more",
        "to a deaf one": true,
      }, datagrams.stderr);
      const outside = await python(programText("outside"));
      assertEquals(readFacts(outside.stdout), {
        "SOCK_STREAM to 192.0.2.1": ENETUNREACH,
        "SOCK_STREAM to 2001:db8::1": ENETUNREACH,
        "SOCK_DGRAM to 192.0.2.1": ENETUNREACH,
        "SOCK_DGRAM to 2001:db8::1": ENETUNREACH,
        "an option": 0,
        "a name": ["0.0.0.0", 0],
      }, outside.stderr);
    }),
});
