/** Machines on one Ethernet, each with a vsock of its own behind a multiplexer of this machine's. */
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { type Proc, run, start } from "../support/process.ts";
import { until } from "../support/wait.ts";
import type { Kernel } from "../vm/kernel.ts";
import { machineCommand, MEMORY } from "../vm/machine.ts";

const HOST = join(dirname(fromFileUrl(import.meta.url)), "host");
const FLAGS = "-std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror".split(" ");
const READY_MS = 60_000;

/** How long machines may live: should the test be killed, `timeout` still ends them. */
const LIFE_S = 500;

/** The programs of tests/machines/host, compiled. */
export interface HostPrograms {
  hub: string;
  multiplexer: string;
}

/**
 * Compiles what runs beside the machines.
 *
 * @param directory Where to put it.
 * @returns The executables' paths.
 * @throws {Error} with the compiler's output.
 */
export async function compileHost(directory: string): Promise<HostPrograms> {
  const [hub, multiplexer] = [join(directory, "hub"), join(directory, "multiplexer")];
  for (const [output, ...sources] of [[hub, "hub.c"], [multiplexer, "multiplexer.c", "connection.c", "device.c"]]) {
    if (output === undefined) continue;
    const files = sources.map((source) => join(HOST, source));
    const { code, stderr } = await run(["cc", ...FLAGS, "-o", output, ...files]);
    if (code !== 0) throw new Error(`cc ${output}: exit status ${code}\n${stderr}`);
  }
  return { hub, multiplexer };
}

/**
 * Starts the hub of the Ethernet.
 *
 * @param programs From compileHost.
 * @param dir Where its sockets are.
 * @param machines How many there are.
 * @returns The running hub.
 */
export async function startHub(programs: HostPrograms, dir: string, machines: number): Promise<Proc> {
  const hub = start(["timeout", String(LIFE_S), programs.hub, dir, String(machines)]);
  await until("the hub is ready", () => hub.output().includes("ready"), READY_MS);
  return hub;
}

/** The Unix socket by which this machine reaches the vsock of a node: Firecracker's uds_path. */
export function udsPath(dir: string, node: number): string {
  return `${dir}/v${node}.sock`;
}

/**
 * Starts the multiplexer of a node's vsock.
 *
 * @param programs From compileHost.
 * @param dir Where its sockets are.
 * @param node The machine's number.
 * @returns The running multiplexer, which waits for the machine.
 */
export async function startMultiplexer(programs: HostPrograms, dir: string, node: number): Promise<Proc> {
  const command = [programs.multiplexer, `${dir}/vhost.${node}`, udsPath(dir, node), String(node + 2)];
  const multiplexer = start(["timeout", String(LIFE_S), ...command]);
  await until("the multiplexer is ready", () => exists(`${dir}/vhost.${node}`), READY_MS);
  return multiplexer;
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/**
 * Boots a machine.
 *
 * @param kernel The kernel to boot.
 * @param image Its file system.
 * @param dir Where the sockets of the hub and its multiplexer are.
 * @param node Its number, from 1.
 * @returns The running machine; its console is its output.
 */
export function bootNode(kernel: Kernel, image: string, dir: string, node: number): Proc {
  const wire = `local.type=unix,local.path=${dir}/ethernet.${node},remote.type=unix,remote.path=${dir}/hub.${node}`;
  return start([
    ...["timeout", "--kill-after=5", String(LIFE_S)],
    ...machineCommand(kernel, image, [`unsock.node=${node}`]),
    ...["-netdev", `dgram,id=wire,${wire}`, "-device", `virtio-net-pci,netdev=wire,mac=52:54:00:00:00:0${node}`],
    ...["-object", `memory-backend-memfd,id=shared,size=${MEMORY}M,share=on`, "-machine", "memory-backend=shared"],
    ...["-chardev", `socket,id=vsock,path=${dir}/vhost.${node}`, "-device", "vhost-user-vsock-pci,chardev=vsock"],
    ...["-monitor", `unix:${dir}/monitor.${node},server=on,wait=off`],
  ]);
}

/**
 * Says something to the monitor of a machine, and waits for its answer.
 *
 * @param dir Where its sockets are.
 * @param node The machine's number.
 * @param words The command.
 */
export async function tellMonitor(dir: string, node: number, words: string): Promise<void> {
  const monitor = await Deno.connect({ transport: "unix", path: `${dir}/monitor.${node}` });
  await monitor.write(new TextEncoder().encode(`${words}\n`));
  // The prompt after the answer.
  const buffer = new Uint8Array(4096);
  for (let text = ""; text.split("(qemu)").length < 3;) {
    text += new TextDecoder().decode(buffer.subarray(0, await monitor.read(buffer) ?? 0));
  }
  monitor.close();
}

/**
 * Loses all frames of some machines for a while: their ports of the hub are not there. The carrier stays.
 *
 * @param dir Where the hub's sockets are.
 * @param nodes The machines.
 * @param during Runs meanwhile.
 */
export async function withoutFrames(dir: string, nodes: number[], during: () => Promise<void>): Promise<void> {
  const ports = nodes.map((node) => `${dir}/hub.${node}`);
  for (const port of ports) await Deno.rename(port, `${port}.away`);
  await during();
  for (const port of ports) await Deno.rename(`${port}.away`, port);
}
