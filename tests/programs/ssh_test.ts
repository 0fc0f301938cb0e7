/** OpenSSH: privilege separation with a system call filter, sessions of their own, and forwarded ports. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { randomBytes } from "node:crypto";
import { need } from "../support/programs.ts";
import { sshdConfig, withSeparationDirectory } from "../support/sshd.ts";
import { type Rig, withRig } from "./rig.ts";

// Only root can log somebody in; as another user sshd would let that user in, whose account may have no shell.
const ignore = !need("sshd", "ssh", "ssh-keygen", "socat") || Deno.uid() !== 0;
/** Starts sshd with keys of its own; returns the client's command up to the remote command. */
async function startSshd(rig: Rig, port: number, cli: boolean): Promise<string[]> {
  const { files } = rig;
  const config = rig.write("sshd_config", await sshdConfig(files, `127.0.0.1:${port}`));
  await rig.server(["sshd", "-D", "-e", "-f", config], { tcp: [port], cli });
  const options = ["StrictHostKeyChecking=no", `UserKnownHostsFile=${files}/known`, "BatchMode=yes"];
  const flags = options.flatMap((option) => ["-o", option]);
  return ["ssh", "-F", "none", "-i", `${files}/user`, "-p", `${port}`, ...flags, "root@127.0.0.1"];
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
