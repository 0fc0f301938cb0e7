/** docs/compose.md and docs/kubernetes.md: their services without an engine, each with no network but its own empty one. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { mayUnshare } from "../support/namespaces.ts";
import { Proc, start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { until } from "../support/wait.ts";
import { readYaml } from "./page.ts";

/** The part of a page's file that the tests read. */
interface Container {
  readonly name?: string;
  readonly command: string[];
  readonly args?: string[];
  readonly environment?: Record<string, string>;
}

const isThere = (file: string) => () => Deno.lstat(file).then(({ isFile }) => !isFile, () => false);

/** The containers, with what stands here for their paths. */
class Host {
  constructor(readonly dir: string) {}

  #here(text: string): string {
    return text.replaceAll(/(\/unsock)?\/libunsock\.so/g, libraryFile()).replaceAll("/sockets", `${this.dir}/sockets`);
  }

  #command({ command, args = [] }: Container): string[] {
    const namespaces = Deno.uid() === 0 ? ["--net"] : ["--user", "--map-current-user", "--net"];
    return ["unshare", ...namespaces, "--", ...[...command, ...args].map((word) => this.#here(word))];
  }

  #env({ environment = {} }: Container): Record<string, string> {
    return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, this.#here(value)]));
  }

  start(container: Container): Proc {
    return start(["env", ...variables(this.#env(container)), ...this.#command(container)], { cwd: this.dir });
  }
}

/** By env(1): the test's own helpers are not to be redirected. */
function variables(env: Record<string, string>): string[] {
  return Object.entries(env).map(([name, value]) => `${name}=${value}`);
}

Deno.test({
  name: "docs: two services of a Compose file meet in a volume, without any network",
  ignore: !need("redis-server", "redis-cli", "unshare", "python3", "yaml") || !await mayUnshare(),
  fn: () =>
    withDir(async (dir) => {
      const { services } = await readYaml("compose") as { services: Record<"redis" | "client", Container> };
      Deno.mkdirSync(`${dir}/sockets`, { mode: 0o700 });
      const host = new Host(dir);
      await using server = host.start(services.redis);
      await until("redis listens", isThere(`${dir}/sockets/6379.sock`));
      await using client = host.start(services.client);
      assertStrictEquals((await client.result(60_000)).stdout, "PONG\n", server.output());
    }),
});

Deno.test({
  name: "docs: two containers of a Kubernetes pod meet in its emptyDir",
  ignore: !need("curl", "unshare", "python3", "yaml") || !await mayUnshare(),
  fn: () =>
    withDir(async (dir) => {
      const { spec } = await readYaml("kubernetes") as { spec: { containers: Container[] } };
      const [first, second] = spec.containers;
      assert(first !== undefined && second !== undefined);
      assertEquals([first.name, second.name], ["server", "client"]);
      Deno.mkdirSync(`${dir}/sockets`);
      Deno.chmodSync(`${dir}/sockets`, 0o777);
      const host = new Host(dir);
      await using server = host.start(first);
      await until("the server listens", isThere(`${dir}/sockets/app/8000.sock`));
      await using client = host.start(second);
      assertMatch((await client.result(60_000)).stdout, /Directory listing for/, server.output());
    }),
});
