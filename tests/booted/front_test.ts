/** `unsock unit --expose` in a booted systemd, as the page about the front types it: in the manager of a user who lingers. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { unsockForEverybody } from "../support/everybody.ts";
import { withDir } from "../support/dir.ts";
import type { RunResult } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { canBoot, System } from "./system.ts";

const USER = "dev";
const UID = 4242;
const PLACE = "/opt/unsock";
const START_MS = 60_000;
/** What the front needs when it runs, and too few for one more client. */
const FEW_DESCRIPTORS = 20;
/** Connects as many clients and holds them until it is ended. */
const HOLD = "import socket, signal; held = [socket.create_connection(('127.0.0.1', 8080)) for _ in range(20)]; " +
  "print('held', flush=True); signal.pause()";

/** A booted system with a user whose manager runs, and `unsock` in PATH. */
class UserSystem {
  constructor(readonly system: System) {}

  /** Runs a line of a shell as the user, as after a login. */
  async try(line: string): Promise<RunResult> {
    const variables = [`PATH=${PLACE}:/usr/bin:/bin`, `XDG_RUNTIME_DIR=/run/user/${UID}`, `HOME=/home/${USER}`];
    const as = ["setpriv", `--reuid=${UID}`, `--regid=${UID}`, "--clear-groups", "env", "-i", ...variables];
    return await this.system.tryRun(...as, "sh", "-c", `cd; ${line}`);
  }

  async text(line: string): Promise<string> {
    const { code, stdout, stderr } = await this.try(line);
    const journal = code === 0 ? "" : (await this.system.tryRun("journalctl", "--no-pager", "-n", "40")).stdout;
    assertStrictEquals(code, 0, `${line}: ${stdout}${stderr}${journal}`);
    return stdout;
  }

  async state(): Promise<string> {
    return (await this.try("systemctl --user is-active unsock-front.service")).stdout.trim();
  }
}

async function bootWithUser(dir: string): Promise<UserSystem> {
  const files = join(dir, "files");
  const place = join(files, PLACE);
  await Deno.mkdir(place, { recursive: true });
  const program = await unsockForEverybody(place);
  Deno.writeTextFileSync(program, Deno.readTextFileSync(program).replaceAll(files, ""));
  const system = await System.boot(dir, files);
  await system.run("useradd", "--uid", `${UID}`, "--create-home", USER);
  await system.run("systemctl", "start", "dbus.socket", "systemd-logind.service");
  await system.run("loginctl", "enable-linger", USER);
  await until("the user's manager runs", async () => {
    return (await system.tryRun("systemctl", "is-active", `user@${UID}.service`)).stdout === "active\n";
  }, START_MS);
  return new UserSystem(system);
}

const CURL = "curl -sS --max-time 60 http://main.localhost:8080/";

Deno.test({
  name: "the units of unit --expose, in the manager of a user: the first request starts the front, also if it is deaf",
  ignore: !canBoot() || !need("useradd", "loginctl", "setpriv", "curl", "python3", "prlimit"),
  fn: () =>
    withDir(async (dir) => {
      const user = await bootWithUser(dir);
      await using _system = user.system;
      await user.text("mkdir -p ~/.config/systemd/user && unsock unit --expose --output ~/.config/systemd/user");
      await user.text("systemctl --user daemon-reload && systemctl --user enable --now unsock-front.socket");
      const server = "python3 -m http.server --bind 127.0.0.1 3000";
      await user.text(`systemd-run --user -E PATH unsock run --name main --private -- ${server}`);
      assertStrictEquals(await user.state(), "inactive");
      await until("the server is served", async () => /Directory listing/.test((await user.try(CURL)).stdout));
      assertStrictEquals(await user.state(), "active");
      assertMatch(
        await user.text("journalctl --user -u unsock-front --no-pager -o cat"),
        /^Serving \d loopbacks? at /m,
      );
      await user.text("systemctl --user stop unsock-front");
      assertStrictEquals(await user.state(), "inactive");
      assertMatch(await user.text(CURL), /Directory listing/);

      const pid = () => user.text("systemctl --user show -P MainPID unsock-front");
      const before = await pid();
      await user.text(`prlimit --pid ${before.trim()} --nofile=${FEW_DESCRIPTORS}:`);
      await user.text(`systemd-run --user --unit=held python3 -c "${HOLD}"`);
      await until("another front is started", async () => !["0\n", before].includes(await pid()), START_MS);
      await user.text("systemctl --user stop held");
      assertMatch(await user.text(CURL), /Directory listing/);
    }),
});
