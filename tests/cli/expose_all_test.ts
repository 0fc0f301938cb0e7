/** `unsock expose --all`: the real network has what the directory has, as it comes and goes. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { ownPort } from "../support/own_port.ts";
import { type Proc, run, start } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { until } from "../support/wait.ts";
import { serve } from "./exposed.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

const ask = async (port: number) => (await run(["python3", "-c", programText("ask"), `${port}`])).stdout.trim();

const says = (exposed: Proc, text: string) => until(text, () => exposed.output().includes(text));

Deno.test({
  name: "expose --all serves a new server, and closes the port of one that ends or is killed",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      using firstPort = ownPort(), secondPort = ownPort(), thirdPort = ownPort();
      const [first, second, third] = [firstPort.port, secondPort.port, thirdPort.port];
      await using one = await serve(dir, programText("server"), first);
      await using exposed = start([libraryFile(), "expose", "--dir", dir, "--all"]);
      await says(exposed, `127.0.0.1:${first} leads to ${dir}/${first}.sock\n`);
      await using two = await serve(dir, programText("server"), second);
      await says(exposed, `127.0.0.1:${second} leads to ${dir}/${second}.sock\n`);
      assertEquals(await Promise.all([first, second].map(ask)), [`port ${first}`, `port ${second}`]);
      Deno.kill(one.pid, "SIGINT");
      await says(exposed, `127.0.0.1:${first} leads no more to ${dir}/${first}.sock\n`);
      assertStrictEquals(await ask(first), "ConnectionRefusedError");
      Deno.kill(two.pid, "SIGKILL");
      await two.status;
      assertMatch(await ask(second), /^Connection(Reset|Refused)Error$/, "its file is there still");
      await says(exposed, `127.0.0.1:${second} leads no more to`);
      assertStrictEquals(await ask(second), "ConnectionRefusedError");
      await using _again = await serve(dir, programText("server"), first);
      await until("it is back", async () => await ask(first) === `port ${first}`);
      const map = ["run", "--dir", dir, "--map", `${third}=${dir}/${first}.sock`, "--", "sleep", "60"];
      await using _mapped = start([libraryFile(), ...map]);
      await says(exposed, `127.0.0.1:${third} leads to`);
      assertStrictEquals(await ask(third), `port ${first}`, "a control file is followed");
      Deno.kill(exposed.pid, "SIGTERM");
      assertStrictEquals((await exposed.result(60_000)).signal, "SIGTERM");
      assertStrictEquals(await ask(first), "ConnectionRefusedError");
    }),
});

Deno.test({
  name: "expose --all: a port that another has is said once, and had when it is free; plain sockets are left alone",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      using own = ownPort(), other = ownPort(), plain = ownPort();
      const taken = Deno.listen({ hostname: "127.0.0.1", port: own.port });
      await using _server = await serve(dir, programText("server"), own.port);
      using _plain = Deno.listen({ transport: "unix", path: `${dir}/${plain.port}.sock` });
      await using exposed = start([libraryFile(), "expose", "--dir", dir, "--all"]);
      await says(exposed, `unsock: expose: 127.0.0.1:${own.port}: is taken`);
      taken.close();
      await using _other = await serve(dir, programText("server"), other.port);
      await says(exposed, `127.0.0.1:${own.port} leads to`);
      assertStrictEquals(await ask(own.port), `port ${own.port}`);
      assertStrictEquals(exposed.output().split("is taken").length, 2);
      assertStrictEquals(await ask(plain.port), "ConnectionRefusedError");
    }),
});

Deno.test({
  name: "expose --all ends when its directory is removed",
  ignore,
  fn: () =>
    withDir(async (dir) => {
      const gone = `${dir}/gone`;
      await using exposed = start([libraryFile(), "expose", "--dir", gone, "--all"]);
      await until("it watches", () => Deno.statSync(gone));
      // The directory is made before it is watched: whoever finds it gone by then says the same.
      Deno.removeSync(gone);
      const { code, stderr } = await exposed.result(60_000);
      assertStrictEquals(code, 1);
      assertMatch(stderr, /No such file or directory/);
    }),
});
