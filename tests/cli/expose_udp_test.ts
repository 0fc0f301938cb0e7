/** `unsock expose PORT/udp`: datagrams of the real network, and their answers. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { ownPort } from "../support/own_port.ts";
import { type Proc, run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { until } from "../support/wait.ts";
import { pythonIn, serve } from "./exposed.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");
const CLIENTS = 20;
const IN_A_ROW = 200;

const python = (code: string, port: string | undefined, count: number) =>
  run(["python3", "-c", code, port ?? "", `${count}`]);
const portOf = (exposed: Proc) => until("it is there", () => /:(\d+)\/udp /.exec(exposed.output())?.[1]);
const names = (dir: string) =>
  [...Deno.readDirSync(dir)].map(({ name }) => name).filter((name) => !name.includes(".unsock"));

Deno.test({
  name: "expose PORT/udp: each client has its own answer, of a server that sees its port; none is left behind",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      await using _server = await serve(dir, programText("server"), 5300);
      const before = names(dir).toSorted();
      await using exposed = start([libraryFile(), "expose", "--dir", dir, "5300/udp=0"]);
      const port = await portOf(exposed);
      assertMatch(exposed.output(), new RegExp(`^127\\.0\\.0\\.1:\\d+/udp leads to ${dir}/5300\\.dgram\\.sock\n$`));
      assertEquals(
        await python(programText("clients_ask"), port, CLIENTS).then(({ stdout, stderr }) => stdout + stderr),
        "True\n",
      );
      assertEquals((await python(programText("burst"), port, IN_A_ROW)).stdout, `${IN_A_ROW + 1}\nTrue\n`);
      Deno.kill(exposed.pid, "SIGTERM");
      assertStrictEquals((await exposed.result(60_000)).signal, "SIGTERM");
      assertEquals(names(dir).toSorted(), before);
    }),
});

Deno.test({
  name: "expose PORT/udp forgets clients that are idle, and knows them again; a server may be started anew",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      await using server = await serve(dir, programText("server"), 5300);
      const count = names(dir).length;
      await using exposed = start([libraryFile(), "expose", "--dir", dir, "--idle", "1", "5300/udp=0"]);
      const port = Number(await portOf(exposed));
      const client = createSocket("udp4");
      const ask = async (text: string) => {
        const answer = once(client, "message");
        client.send(text, port, "127.0.0.1");
        return String((await answer)[0]);
      };
      await new Promise<void>((resolve) => client.bind(0, "127.0.0.1", resolve));
      const seen = `127.0.0.1:${client.address().port}`;
      assertStrictEquals(await ask("first"), `${seen} first`);
      assertStrictEquals(names(dir).length, count + 1);
      await until("it is forgotten", () => names(dir).length === count);
      assertStrictEquals(await ask("second"), `${seen} second`);
      Deno.kill(server.pid, "SIGKILL");
      await server.status;
      await using _again = await serve(dir, programText("server"), 5300);
      assertStrictEquals(await ask("third"), `${seen} third`);
      client.close();
    }),
});

Deno.test({
  name: "expose --in PORT/udp: programs of the directory get answers from the real network",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      await using server = start(["python3", "-c", programText("server"), "0"]);
      const real = await until("the server is there", () => /^ready (\d+)\n/.exec(server.output())?.[1]);
      await using exposed = start([libraryFile(), "expose", "--in", "--dir", dir, `53/udp=${real}`]);
      await until("it is there", () => exposed.output().includes(`${dir}/53.dgram.sock`));
      const inside = await run(pythonIn(dir, programText("clients_ask"), "53", `${CLIENTS}`, "another port"));
      assert(inside.stdout === "True\n", inside.stdout + inside.stderr);
      Deno.kill(exposed.pid, "SIGINT");
      assertStrictEquals((await exposed.result(60_000)).signal, "SIGINT");
      assertEquals(names(dir), []);
    }),
});

Deno.test({
  name: "expose --all serves a new UDP server, closes the port of one that ends or is killed, and ignores UDP clients",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      using firstPort = ownPort(), secondPort = ownPort(), thirdPort = ownPort();
      const [first, second, third] = [firstPort.port, secondPort.port, thirdPort.port];
      const ask = async (port: number, patience = 20) =>
        (await run(["python3", "-c", programText("ask"), `${port}`, `${patience}`])).stdout.trim();
      await using one = await serve(dir, programText("server"), first);
      await using exposed = start([libraryFile(), "expose", "--dir", dir, "--all"]);
      const says = (words: string) => until(words, () => exposed.output().includes(words));
      await says(`127.0.0.1:${first}/udp leads to ${dir}/${first}.dgram.sock\n`);
      await using two = await serve(dir, programText("server"), second);
      await says(`127.0.0.1:${second}/udp leads to`);
      assertEquals(await Promise.all([first, second].map((port) => ask(port))), ["?", "?"]);
      const map = ["run", "--dir", dir, "--map", `${third}/udp=${dir}/${first}.dgram.sock`, "--", "sleep", "60"];
      await using _mapped = start([libraryFile(), ...map]);
      await says(`127.0.0.1:${third}/udp leads to`);
      assertStrictEquals(await ask(third), "?", "a control file is followed");
      Deno.kill(one.pid, "SIGINT");
      await says(`127.0.0.1:${first}/udp leads no more to`);
      assertStrictEquals(await ask(first), "nobody");
      Deno.kill(two.pid, "SIGKILL");
      await two.status;
      assertStrictEquals(await ask(second, 0.1), "nobody", "its file is there still");
      await says(`127.0.0.1:${second}/udp leads no more to`);
      await using _again = await serve(dir, programText("server"), first);
      await until("it is back", async () => await ask(first) === "?");
      // Clients in the directory, one of which asks another address than the default one, have sockets there, too.
      await run(pythonIn(dir, programText("ask"), `${first}`, "0.1", "127.0.0.2"));
      await run(pythonIn(dir, programText("ask"), `${first}`, "20"));
      Deno.kill(exposed.pid, "SIGTERM");
      await exposed.result(60_000);
      const led = exposed.output().match(/:\d+(?=\/udp leads to)/g) ?? [];
      assertEquals(led, [first, second, third, first].map((port) => `:${port}`));
    }),
});

for (const address of ["127.0.0.1", "0.0.0.0"]) {
  Deno.test({
    name:
      `expose PORT/udp drops a datagram whose forged source is an exposed port: no two feed each other (${address})`,
    ignore: ignore || Deno.uid() !== 0,
    fn: () =>
      withDir(async (dir) => {
        await using one = await serve(dir, programText("server"), 5300);
        await using other = await serve(dir, programText("server"), 5301);
        const words = ["expose", "--dir", dir, "--address", address, "5300/udp=0", "5301/udp=0"];
        await using exposed = start([libraryFile(), ...words]);
        const lines = await until("both are there", () => {
          const found = [...exposed.output().matchAll(/:(\d+)\/udp /g)].map(([, port]) => port ?? "");
          return found.length === 2 && found;
        });
        const { stdout, stderr } = await run(["python3", "-c", programText("feed"), ...lines]);
        assertEquals([stdout, stderr], ["question\n".repeat(6), ""]);
        for (const server of [one, other]) {
          assertEquals(server.output().split("\n").filter((line) => line.includes("forged")), []);
        }
      }),
  });
}

Deno.test({
  name: "servers behind two `expose`s that a forged datagram has feed each other, as over UDP, go on answering others",
  ignore: ignore || Deno.uid() !== 0,
  fn: () =>
    withDir(async (dir) => {
      await using one = await serve(dir, programText("echo"), 5300);
      await using other = await serve(dir, programText("echo"), 5301);
      await using front = start([libraryFile(), "expose", "--dir", dir, "5300/udp=0"]);
      await using back = start([libraryFile(), "expose", "--dir", dir, "5301/udp=0"]);
      const ports = [await portOf(front) ?? "", await portOf(back) ?? ""];
      const feed = () => run(["python3", "-c", programText("feed"), ...ports]);
      assertStrictEquals((await feed()).stdout, "question\n".repeat(6));
      for (const server of [one, other]) await until("it is fed", () => server.output().includes("fed"));
      assertStrictEquals((await feed()).stdout, "question\n".repeat(6));
    }),
});
