/** What a newcomer types who knows another tool: the message names the command that does it here. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { COMMANDS } from "../../lib/commands/table.ts";
import { withDir } from "../support/dir.ts";
import { assertFails, byLibrary, unsock } from "./unsock.ts";

/** Words of other tools, and what does the same here. */
const WORDS: Record<string, string> = {
  list: "unsock ls",
  ps: "unsock ls",
  status: "unsock ls",
  up: "unsock run",
  exec: "unsock run",
  rm: "unsock prune",
  clean: "unsock prune",
  forward: "unsock expose",
  proxy: "unsock expose",
  uninstall: "unsock install --uninstall",
};

for (const [word, command] of Object.entries(WORDS)) {
  Deno.test(`unsock ${word} leads to ${command}`, async () => {
    const result = await unsock([word, "3000"]);
    assertFails(result, 2, new RegExp(`^unsock: unknown command '${word}': did you mean ${command}\\?$`, "m"));
    const [, name = "", option] = command.split(" ");
    assertStrictEquals(COMMANDS.find((one) => one.name === name)?.name, name);
    if (option !== undefined) assertMatch((await unsock([name, "--help"])).stdout, new RegExp(`^ +${option}\\b`, "m"));
  });
}

Deno.test("an unknown word names --help, and run for a program; an unknown option, --help", async () => {
  assertFails(
    await unsock(["python3"]),
    2,
    /^unsock: unknown command 'python3': unsock --help lists the commands; a program is started by unsock run python3$/m,
  );
  assertFails(await unsock(["-v"]), 2, /^unsock: unknown option '-v': did you mean --version\?$/m);
  assertFails(await unsock(["-p", "80"]), 2, /^unsock: unknown option '-p': options follow a command: unsock --help$/m);
});

Deno.test("a letter stands for the first option that begins with it, by the library alone too", async () => {
  for (const by of [unsock, byLibrary]) {
    assertFails(
      await by(["run", "-p", "80", "true"]),
      125,
      /^unsock: run: unknown option '-p': did you mean --port\?$/m,
    );
    assertFails(await by(["run", "-port", "80"]), 125, /^unsock: run: unknown option '-port': did you mean --port\?$/m);
    assertFails(await by(["run", "-v", "true"]), 125, /^unsock: run: unknown option '-v': see --help$/m);
  }
  assertFails(await unsock(["ls", "-w"]), 2, /^unsock: ls: unknown option '-w': did you mean --watch\?$/m);
  assertFails(await unsock(["ls", "-y"]), 2, /^unsock: ls: unknown option '-y': see --help$/m);
});

Deno.test("expose 3000:8080 says which of 3000=8080 is which", async () => {
  const line = /^unsock: expose: not a port .*3000=8080: the directory's 3000 at the network's 8080: "3000:8080"$/m;
  for (const by of [unsock, byLibrary]) assertFails(await by(["expose", "3000:8080"]), 2, line);
});

Deno.test("run says what to write for a quoted command line, for a variable and for a name instead of an address", async () => {
  for (const by of [unsock, byLibrary]) {
    const words = /command "python3 --version": not found in PATH: write a command and its arguments without quotes$/m;
    assertFails(await by(["run", "python3 --version"]), 127, words);
    assertFails(
      await by(["run", "PORT=1", "true"]),
      127,
      /"PORT=1": not found in PATH: to set variables: env PORT=1 /m,
    );
    assertFails(
      await by(["run", "DIR=/nowhere", "true"]),
      127,
      /DIR=\/nowhere: not found: to set variables: env DIR=/m,
    );
    const address = /^unsock: --addr: not a list of IP addresses, .*127\.0\.0\.1,::1.*: "localhost"$/m;
    assertFails(await by(["run", "--addr", "localhost", "true"]), 125, address);
  }
});

Deno.test("completions alone names the shells", async () => {
  assertFails(await unsock(["completions"]), 2, /^unsock: completions: SHELL is missing: one of bash, zsh, fish$/m);
});

Deno.test("show-control of a port says that it has no control file, or a server's socket in its place", () =>
  withDir(async (dir) => {
    const env = { UNSOCK_DIR: dir };
    const show = async () => await unsock(["show-control", "3000"], { env });
    assertFails(
      await show(),
      1,
      /^unsock: port 3000 has no control file: there is no \S+\/3000\.sock: unsock make-control --help shows how to make one$/m,
    );
    using _server = Deno.listen({ transport: "unix", path: `${dir}/3000.sock` });
    assertFails(await show(), 1, /^unsock: port 3000 has no control file: \S+\/3000\.sock is a server's socket$/m);
    const made = await unsock(["make-control", "--port", "3001", "--unix", "/nowhere/s"], { env });
    assertEquals([made.code, (await unsock(["show-control", "3001"], { env })).code], [0, 0]);
  }));
