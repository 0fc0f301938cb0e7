/** `unsock ls --all`, `ls --url`, and the clients that `ls PORT` names. */
import { assert, assertEquals, assertMatch, assertNotMatch, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { type Proc, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { type Schema, violations } from "../support/schema.ts";
import { libraryFile, unsockRun } from "../support/library.ts";
import { asNobody, NOBODY, whyNoOtherUser } from "../support/users.ts";
import { until } from "../support/wait.ts";
import type { Listed } from "./listed.ts";
import { assertFails, testedLibrary, unsock, unsockCommand } from "./unsock.ts";

const programText = programsOf(import.meta);
const SERVER = ["python3", "-m", "http.server", "3000"];
const PAGE = Deno.readTextFileSync(new URL("../../docs/json.md", import.meta.url));
const SCHEMA: Schema = JSON.parse(/^## ls --all\n.*?```json\n(.*?)```/ms.exec(PAGE)?.[1] ?? "");

interface ListedPlace {
  readonly name: string | null;
  readonly directory: string;
  readonly uid: number;
  readonly ports: Listed[];
}

/** A user's run-time directory, and programs in it. */
class User implements AsyncDisposable {
  readonly env: Record<string, string>;
  readonly #started: Proc[] = [];

  constructor(readonly dir: string) {
    Deno.mkdirSync(`${dir}/r`, { recursive: true, mode: 0o700 });
    this.env = { XDG_RUNTIME_DIR: `${dir}/r`, ...testedLibrary() };
  }

  /** Starts a server of port 3000, or another command, in a loopback. */
  serve(options: string[], command = SERVER): void {
    this.#started.push(start([libraryFile(), "run", ...options, "--", ...command], { env: this.env, cwd: this.dir }));
  }

  /** Waits until so many servers listen. */
  async listening(count: number): Promise<void> {
    await until("the servers listen", async () => {
      const ports = (await this.all()).flatMap(({ ports }) => ports);
      return ports.filter(({ listening }) => listening).length === count;
    });
  }

  /** The loopbacks that this user has here; others of the machine may be listed, too. */
  async all(words: string[] = []): Promise<ListedPlace[]> {
    const { stdout, stderr } = await unsock(["ls", "--all", "--json", ...words], { env: this.env });
    assertStrictEquals(stderr, "");
    const places: ListedPlace[] = JSON.parse(stdout);
    assertEquals(violations(places, SCHEMA), []);
    return places.filter(({ directory }) => directory.startsWith(`${this.dir}/`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#started.reverse()) await server[Symbol.asyncDispose]();
  }
}

const ignore = !need("python3", "curl");

Deno.test({
  name:
    "ls --all lists the loopbacks of the user: named, private, and directories in use; with URLs while a front runs",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      await using user = new User(dir);
      const { env } = user;
      assertMatch((await unsock(["ls"], { env })).stdout, /: does not exist yet\n/);
      user.serve(["--name", "shop"]);
      user.serve(["--name", "feature", "--private"]);
      user.serve(["--dir", `${dir}/elsewhere`]);
      await using _idle = start([...unsockCommand(), "run", "--dir", `${dir}/idle`, "--", "sleep", "600"], { env });
      await user.listening(3);
      const all = await user.all();
      assertEquals(all.map(({ name, ports }) => [name, ports.map(({ port }) => port)]), [
        ["feature", [3000]],
        ["shop", [3000]],
        [null, [3000]],
        [null, []],
      ]);
      assertEquals(all.at(-1)?.directory, `${dir}/idle`);
      assertEquals((await user.all(["3000"])).map(({ name }) => name), ["feature", "shop", null]);
      const { stdout } = await unsock(["ls", "--all"], { env });
      assertMatch(stdout, /^NAME +PORT +PROCESS OR TARGET +CLIENTS +(OWNER +)?DIRECTORY\n/);
      assertMatch(stdout, /^shop +3000 +python3 -m http\.server\[\d+\] +0 .*\/r\/unsock$/m);
      assertMatch(stdout, new RegExp(`^- +- +- +- .*${dir}/idle$`, "m"));
      assertFails(await unsock(["ls", "--url", "shop"], { env }), 1, /no expose --http runs/);

      await using front = start([...unsockCommand(), "expose", "--http", "0"], { env });
      const port = await until("the front serves", () => /localhost:(\d+)/.exec(front.output())?.[1]);
      const url = `http://feature.localhost:${port}/`;
      assertStrictEquals((await unsock(["ls", "--url", "Feature"], { env })).stdout, `${url}\n`);
      assertMatch((await unsock(["ls", "--all"], { env })).stdout, new RegExp(`^feature .* ${url} `, "m"));
      assertFails(await unsock(["ls", "--url", "none"], { env }), 1, /no server in a loopback named "none"/);
      assertFails(await unsock(["ls", "--url", "shop", "--all"], { env }), 2, /--url goes with/);
    }),
});

Deno.test({
  name: "ls with nothing in the default directory names the loopbacks that have servers; --all --watch prints changes",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      await using user = new User(dir);
      const { env } = user;
      await using watching = start([...unsockCommand(), "ls", "--all", "--json", "--watch"], { env });
      user.serve(["--name", "feature", "--private"]);
      await until("the change is printed", () => /"name":"feature"/.test(watching.output()));
      const hint = /^other loopbacks have servers \(unsock ls --all\): .*\bfeature: 3000/m;
      await until("its server listens", async () => hint.test((await unsock(["ls"], { env })).stdout));
      assertMatch((await unsock(["ls", "3000"], { env })).stdout, hint);
      assertNotMatch((await unsock(["ls", "--dir", `${dir}/r/unsock`], { env })).stdout, hint);
      assertStrictEquals((await unsock(["ls", "--json"], { env })).stdout, "[]\n");
    }),
});

Deno.test({
  name: "ls --all lists another user's loopbacks to root alone, by their default directories and processes",
  ignore: ignore || whyNoOtherUser() !== undefined,
  fn: () =>
    withDir(async (dir) => {
      Deno.chmodSync(dir, 0o755);
      await Deno.mkdir(`${dir}/theirs`);
      await Deno.chown(`${dir}/theirs`, NOBODY, NOBODY);
      const port = "3977"; // of no other test, whose loopback would be listed, too
      const command = asNobody([libraryFile(), "run", "--dir", `${dir}/theirs/s`, "--", ...SERVER.with(-1, port)]);
      await using server = start(command, { cwd: dir });
      await using user = new User(dir);
      const theirs = await until("it listens", async () => {
        const place = (await user.all()).find(({ directory }) => directory === `${dir}/theirs/s`);
        return place?.ports[0]?.listening ? place : undefined;
      });
      assertEquals([theirs.uid, theirs.ports[0]?.processes.map(({ pid }) => pid)], [NOBODY, [server.pid]]);
      assertMatch((await unsock(["ls", "--all", port])).stdout, /^NAME .* OWNER +DIRECTORY\n- .* nobody +.*\n$/);
    }),
});

Deno.test({
  name: "ls PORT names the clients: their address, their processes, and the bytes that wait in each direction",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      await using server = start(unsockRun(dir, ["python3", "-c", programText("greeter"), "8080"]));
      await until("it listens", () => server.output() === "ready\n");
      await using client = start(unsockRun(dir, ["python3", "-c", programText("askers"), "8080"]));
      const port = await until("it has connected", () => /^(\d+)\n/.exec(client.output())?.[1]);
      const ask = async () => JSON.parse((await unsock(["ls", "--dir", dir, "8080", "--json"])).stdout)[0];
      const { clients, backlog } = await until("its greeting has come", async () => {
        const listed = await ask();
        return listed.clients[0]?.unreadByClient === 5 ? listed : undefined;
      });
      assertStrictEquals(backlog, 1);
      assertStrictEquals(clients.length, 1);
      const [{ address, server: of, unreadByServer, processes: [process] }] = clients;
      assertEquals([address, of, unreadByServer], [`127.0.0.1:${port}`, "127.0.0.1:8080", 12]);
      assertEquals([process.pid, process.name], [client.pid, "python3"]);
      assert(Math.abs(Date.parse(process.started) - Date.now()) < 600_000, process.started);
      const { stdout } = await unsock(["ls", "--dir", dir, "8080"]);
      assertMatch(stdout, new RegExp(`^127.0.0.1:${port} +127.0.0.1:8080 +12 +5 .* python3\\[${client.pid}\\]$`, "m"));
      assertMatch(stdout, /^\(1 more: their server has not accepted them yet\)$/m);
      assertNotMatch((await unsock(["ls", "--dir", dir])).stdout, /CLIENT +OF/);
    }),
});

Deno.test({
  name: "ls --all: the loopback of each worker of run --each",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      await using user = new User(dir);
      const two = `for i in 1 2; do ${SERVER.join(" ")} & done; wait`;
      user.serve(["--each=sh"], ["sh", "-c", two]);
      const workers = await until("both workers listen", async () => {
        const listed = (await user.all()).filter(({ ports }) => ports.length > 0);
        return listed.length === 2 && listed;
      });
      for (const { name } of workers) assertMatch(name ?? "", /^[0-9a-f]{6}-\d{7}$/);
    }),
});
