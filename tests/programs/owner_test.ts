/** The receiver of a socket's signals (fcntl(2), F_SETOWN), when another socket takes its place. */
import { assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";

const programText = programsOf(import.meta);

for (const type of ["SOCK_STREAM", "SOCK_DGRAM"]) {
  for (const exec of [false, true]) {
    Deno.test(
      `${type}: whoever was to get its signals ${exec ? "before an exec " : ""}does so when it has been bound`,
      {
        ignore: !need("python3"),
      },
      () =>
        withDir(async (dir) => {
          const env = libraryEnv(`${dir}/s`, exec ? { EXEC: "1" } : {});
          const { stdout, stderr } = await run(["python3", "-c", programText("bind_inherited"), type], { env });
          assertStrictEquals(stderr + stdout, "True True\n");
        }),
    );
  }
}
