/** Descriptors that a plain Unix peer passes along: TCP and UDP bring none, however a program reads. */
import { assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { shimEnv } from "../support/shim.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

function expected(): string {
  const lines = [];
  for (const type of ["stream", "inherited", "datagram"]) {
    for (const way of ["recvmsg", "recvmmsg", "peeked", "room for some", "room for none", "no room"]) {
      lines.push(`${type} ${way} ${way === "peeked" ? "[(1, 0, 0), (1, 0, 0), (1, 0, 0)]" : "(1, 0, 0)"} 0`);
    }
    for (const way of ["recv", "recvfrom", "read"]) lines.push(`${type} ${way} 1 0`);
  }
  return lines.join("\n") + "\n";
}

async function serve(program: string, peers: number): Promise<string> {
  let output = "";
  await withDir(async (dir) => {
    const env = Object.entries(shimEnv(dir)).map(([name, value]) => `${name}=${value}`);
    const { stdout, stderr } = await run(["python3", "-c", programText("before"), dir, program, String(peers), ...env]);
    assertStrictEquals(stderr, "");
    output = stdout;
  });
  return output;
}

Deno.test("descriptors that came before the server inherited its sockets are closed, however it reads", {
  ignore,
}, async () => {
  assertStrictEquals(await serve(programText("each_way"), 9), expected());
});

Deno.test("closing a passed connection that would linger with unsent data does not hold the server up", {
  ignore,
}, async () => {
  assertStrictEquals(await serve(programText("lingering"), 0), "(1, 0, 0) True\n(1, 0, 0) True\n");
});

/** SO_PASSRIGHTS is there from 6.16 on. */
function kernelRefuses(): boolean {
  const [major = 0, minor = 0] = Deno.osRelease().split(".").map(Number);
  return major > 6 || (major === 6 && minor >= 16);
}

Deno.test("where the kernel can, it refuses descriptors for a server's sockets and for a datagram client's", {
  ignore: ignore || !kernelRefuses(),
}, () =>
  withDir(async (dir) => {
    const { stdout, stderr } = await run(["python3", "-c", programText("refused")], { env: shimEnv(dir) });
    assertStrictEquals(stderr, "");
    assertStrictEquals(stdout, "refused refused refused\n");
  }));
