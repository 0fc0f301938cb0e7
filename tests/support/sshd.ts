/** Starts an sshd with its own keys for a test. Only root can. */
import { assertStrictEquals } from "@std/assert";
import { statOrUndefined } from "../../lib/system/files.ts";
import { withDir } from "./dir.ts";
import { hold } from "./own_port.ts";
import { run, start } from "./process.ts";
import { findProgram } from "./programs.ts";
import { until } from "./wait.ts";

/** sshd insists on this directory, which its service makes at boot. */
const SEPARATION = "/run/sshd";
/** The port whose name ({@linkcode hold}) reserves the directory for one test at a time. */
const SSH_PORT = 22;
const WAIT_MS = 300_000;

/** Runs `fn` while sshd's directory exists, as the only test that uses it. Removes the directory if it made it. */
export async function withSeparationDirectory(fn: () => Promise<void>): Promise<void> {
  let holder: Deno.UnixListener | undefined;
  await until("no other test has an sshd", () => (holder ??= hold(SSH_PORT)) !== undefined, WAIT_MS);
  const isThere = statOrUndefined(SEPARATION) !== undefined;
  try {
    if (!isThere) Deno.mkdirSync(SEPARATION, { mode: 0o755 });
    await fn();
  } finally {
    if (!isThere) Deno.removeSync(SEPARATION);
    holder?.close();
  }
}

/**
 * Makes a host key and a user key, and the settings of a server that lets root in by the user key.
 *
 * @param files A directory.
 * @param address The address at which sshd listens: `ADDRESS:PORT`.
 * @returns The text of its sshd_config.
 */
export async function sshdConfig(files: string, address: string): Promise<string> {
  for (const key of ["host", "user"]) {
    const made = await run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", `${files}/${key}`]);
    assertStrictEquals(made.code, 0, made.stderr);
  }
  Deno.copyFileSync(`${files}/user.pub`, `${files}/authorized`);
  return `ListenAddress ${address}
     HostKey ${files}/host
     AuthorizedKeysFile ${files}/authorized
     PidFile none
     StrictModes no
     UsePAM no
     PermitRootLogin yes
     PasswordAuthentication no\n`;
}

/**
 * Runs `fn` while an sshd listens on real TCP.
 *
 * @param port The port of 127.0.0.1.
 * @param hosts Names by which ssh finds it.
 * @param fn Gets the file for `ssh -F`.
 */
export async function withSshd(
  port: number,
  hosts: readonly string[],
  fn: (config: string) => Promise<void>,
): Promise<void> {
  await withSeparationDirectory(() =>
    withDir(async (files) => {
      Deno.writeTextFileSync(`${files}/sshd_config`, await sshdConfig(files, `127.0.0.1:${port}`));
      const config = `${files}/ssh_config`;
      Deno.writeTextFileSync(
        config,
        `Host ${hosts.join(" ")}
         HostName 127.0.0.1
         Port ${port}
         User root
         IdentityFile ${files}/user
         BatchMode yes
         StrictHostKeyChecking no
         UserKnownHostsFile ${files}/known\n`,
      );
      const sshd = findProgram("sshd") ?? "";
      await using server = start([sshd, "-D", "-e", "-f", `${files}/sshd_config`]);
      await until("sshd listens", () => server.output().includes(`Server listening on 127.0.0.1 port ${port}`));
      await fn(config);
    })
  );
}
