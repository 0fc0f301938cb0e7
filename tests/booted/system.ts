/** This machine's systemd, booted in namespaces of its own: services start there as they would on a real machine. */
import { assertStrictEquals } from "@std/assert";
import { fromFileUrl } from "@std/path/posix";
import { Proc, run, type RunResult, start } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";

const BOOT = fromFileUrl(import.meta.resolve("./boot.sh"));
const SYSTEMD = "/lib/systemd/systemd";
const BOOT_MS = 60_000;

/** Where a hierarchy of groups is that systemd can use. */
const GROUPS = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

function groupHierarchy(): string | undefined {
  return GROUPS.find((directory) => {
    try {
      return Deno.statSync(`${directory}/cgroup.controllers`).isFile;
    } catch {
      return false;
    }
  });
}

/** @returns Whether it can be booted here: by root, with cgroups of version 2. */
export function canBoot(): boolean {
  return Deno.uid() === 0 && groupHierarchy() !== undefined && need("systemctl", "unshare", "nsenter");
}

/** A booted system. */
export class System implements AsyncDisposable {
  private constructor(readonly group: string, readonly process: Proc, readonly pid: number) {}

  /**
   * @param dir An empty directory.
   * @param files A directory whose files the system has besides those of this machine.
   */
  static async boot(dir: string, files: string): Promise<System> {
    const root = `${dir}/root`;
    const group = `${groupHierarchy()}/unsock-test-${crypto.randomUUID()}`;
    await Deno.mkdir(root);
    await Deno.mkdir(group);
    const process = start([BOOT, root, group, files]);
    try {
      const pid = await until("the system's first process is systemd", () => firstProcess(process), BOOT_MS);
      const system = new System(group, process, pid);
      await until("systemd has started basic.target", async () => {
        const { stdout } = await system.tryRun("systemctl", "is-active", "basic.target");
        return stdout === "active\n";
      }, BOOT_MS);
      return system;
    } catch (error) {
      await process[Symbol.asyncDispose]();
      await removeGroup(group);
      throw new Error(process.output(), { cause: error });
    }
  }

  /** Runs a command in it, as root. */
  async tryRun(...command: string[]): Promise<RunResult> {
    return await run(["nsenter", "-t", `${this.pid}`, "-a", "--", ...command], { env: { LC_ALL: "C" } });
  }

  /** The same; it must succeed. */
  async run(...command: string[]): Promise<RunResult> {
    const result = await this.tryRun(...command);
    if (result.code !== 0) await this.#tell(command, result);
    return result;
  }

  async #tell(command: string[], { code, stdout, stderr }: RunResult): Promise<never> {
    const journal = await this.tryRun("journalctl", "--no-pager", "-n", "60");
    assertStrictEquals(code, 0, `${command.join(" ")}: ${stdout}${stderr}\n${journal.stdout}`);
    throw new Error("not reached");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Deno.kill(this.pid, "SIGKILL");
    await this.process.status;
    await this.process[Symbol.asyncDispose]();
    await removeGroup(this.group);
  }
}

/** boot.sh becomes unshare, whose child becomes systemd. */
function firstProcess({ pid }: Proc): number | undefined {
  const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();
  if (!/^\d+$/.test(children)) return undefined;
  const words = Deno.readTextFileSync(`/proc/${children}/cmdline`).split("\0");
  return words[0] === SYSTEMD ? Number(children) : undefined;
}

/** Its processes are gone; groups are removed from the leaves on. */
async function removeGroup(group: string): Promise<void> {
  await until(`${group} is empty`, async () => {
    await run(["find", group, "-depth", "-type", "d", "-exec", "rmdir", "--", "{}", ";"]);
    return await Deno.stat(group).then(() => false, () => true);
  });
}
