/** Files that are neither sockets nor control files, at a path that a program connects to by itself. */
import { assertStrictEquals } from "@std/assert";
import { controlFile, sockaddrInet } from "../support/control.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";

const programText = programsOf(import.meta);

Deno.test({
  name: "a program's own connect to a file that is no socket and no control file is refused as without unsock",
  ignore: !need("python3"),
  fn: () =>
    withDir(async (dir) => {
      const files = `${dir}/files`;
      await Deno.mkdir(`${files}/directory`, { recursive: true });
      await Deno.writeTextFile(`${files}/empty`, "");
      await Deno.writeTextFile(`${files}/text`, "text\n");
      await Deno.writeTextFile(`${files}/as long as a control file`, "x".repeat(452));
      await Deno.symlink("text", `${files}/link`);
      await Deno.symlink("nothing", `${files}/link to nowhere`);
      const ask = (env: Record<string, string>) => run(["python3", "-c", programText("connect"), files], { env });
      const plain = await ask({});
      assertStrictEquals((await ask(libraryEnv(`${dir}/s`))).stdout, plain.stdout);
      assertStrictEquals(plain.stdout.match(/ECONNREFUSED/g)?.length, 10, plain.stdout);
      // One that is meant for a control file is told to be none.
      const damaged = controlFile({ dest: sockaddrInet("127.0.0.1", 1) });
      damaged[16] = 0xff;
      await Deno.writeFile(`${files}/text`, damaged);
      assertStrictEquals((await ask(libraryEnv(`${dir}/s`))).stdout.match(/EINVAL/g)?.length, 4);
    }),
});
