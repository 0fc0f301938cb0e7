/** OpenSSH: privilege separation with a system call filter, sessions of their own, and forwarded ports. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { randomBytes } from "node:crypto";
import { need } from "../support/programs.ts";
import { sshdConfig, withSeparationDirectory } from "../support/sshd.ts";
import type { Proc } from "../support/process.ts";
import { until } from "../support/wait.ts";
import { type Rig, type ServerOptions, withRig } from "./rig.ts";

// Only root can log somebody in; as another user sshd would let that user in, whose account may have no shell.
const ignore = !need("sshd", "ssh", "ssh-keygen", "socat") || Deno.uid() !== 0;

/** Starts sshd with keys of its own; returns the client's command up to the remote command, and the server. */
async function startServer(rig: Rig, port: number, how: ServerOptions): Promise<{ ssh: string[]; server: Proc }> {
  const { files } = rig;
  const config = rig.write("sshd_config", await sshdConfig(files, `127.0.0.1:${port}`));
  const server = await rig.server(["sshd", "-D", "-e", "-f", config], { ...how, tcp: [port] });
  const options = ["StrictHostKeyChecking=no", `UserKnownHostsFile=${files}/known`, "BatchMode=yes"];
  const flags = options.flatMap((option) => ["-o", option]);
  return { ssh: ["ssh", "-F", "none", "-i", `${files}/user`, "-p", `${port}`, ...flags, "root@127.0.0.1"], server };
}

async function startSshd(rig: Rig, port: number, cli: boolean): Promise<string[]> {
  return (await startServer(rig, port, { cli })).ssh;
}

/** @returns How many seccomp filters each process below this one has, by its name. */
function filtersBelow(pid: number): [string, number][] {
  const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim().split(" ").filter(Boolean);
  return children.flatMap((child): [string, number][] => {
    const status = Deno.readTextFileSync(`/proc/${child}/status`);
    const value = (name: string) => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
    return [[value("Name"), Number(value("Seccomp_filters"))], ...filtersBelow(Number(child))];
  });
}

Deno.test("ssh runs a command on sshd, which tells it the client's true address", { ignore }, async () => {
  await withSeparationDirectory(() =>
    withRig(async (rig) => {
      const ssh = await startSshd(rig, 17251, true);
      for (const cli of [false, true]) {
        const { stdout } = await rig.client([...ssh, "echo $SSH_CONNECTION; wc -c"], {
          stdin: "x".repeat(50_000),
          cli,
        });
        assertMatch(stdout, /^127\.0\.0\.1 [1-9]\d* 127\.0\.0\.1 17251\n50000\n$/);
      }
    })
  );
});

Deno.test("ssh -L and ssh -W forward to a port that only unsock has", { ignore }, async () => {
  await withSeparationDirectory(() =>
    withRig(async (rig) => {
      const ssh = await startSshd(rig, 17252, false);
      await rig.server(["socat", "TCP-LISTEN:17253,fork,reuseaddr,bind=127.0.0.1", "PIPE"], { tcp: [17253] });
      const text = randomBytes(30_000).toString("hex");
      const direct = await rig.client([...ssh.slice(0, -1), "-W", "127.0.0.1:17253", ...ssh.slice(-1)], {
        stdin: text,
      });
      assertStrictEquals(direct.stdout, text);

      const forward = [...ssh.slice(0, -1), "-N", "-L", "127.0.0.1:17254:127.0.0.1:17253", ...ssh.slice(-1)];
      await rig.server(forward, { tcp: [17254], cli: true });
      const { stdout } = await rig.client(["socat", "-t5", "-", "TCP:127.0.0.1:17254"], { stdin: text });
      assertStrictEquals(stdout, text);
    })
  );
});

for (const [i, engine] of ["preload", "trap"].entries()) {
  Deno.test(
    `sshd's process that asks who a client is has its filter, and lets the client in (${engine})`,
    { ignore },
    () =>
      withSeparationDirectory(() =>
        withRig(async (rig) => {
          const env = { UNSOCK_ENGINE: engine };
          const port = 17255 + i;
          const { ssh, server } = await startServer(rig, port, { env });
          const asks = ["sh", "-c", `printf 'SSH-2.0-test\\r\\n'; exec sleep 300`];
          const held = ["sh", "-c", '"$@" | exec socat - TCP:127.0.0.1:' + port, "sh", ...asks];
          await rig.server(held, { tcp: [], env });
          await until("a process of sshd's has a filter of its own", () => {
            const counts = filtersBelow(server.pid);
            return counts.some(([name, count]) =>
              name === "sshd-auth" && counts.some(([, other]) => count === other + 1)
            );
          });
          const { stdout } = await rig.client([...ssh, "echo $SSH_CONNECTION; wc -c"], {
            stdin: "x".repeat(50_000),
            env,
          });
          assertMatch(stdout, new RegExp(`^127\\.0\\.0\\.1 [1-9]\\d* 127\\.0\\.0\\.1 ${port}\n50000\n$`));
        })
      ),
  );
}
