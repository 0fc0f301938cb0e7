/** Clients of the guests' servers on this machine, and servers for the guests, through their multiplexers. */
import { join } from "@std/path/posix";
import { type Proc, run, type RunResult, start } from "../support/process.ts";
import { unsockCommand } from "../cli/unsock.ts";
import { libraryFile } from "../support/library.ts";
import { until } from "../support/wait.ts";
import { udsPath } from "./cluster.ts";

const LOCAL = "127.0.0.1";
const STORIES_PORT = 1300;
const PEER_PORT = 1234;
const STORIES_MS = 120_000;
const READY_MS = 60_000;

/** Runs programs of the guests' image on this machine, under unsock. */
export class Host {
  readonly #dir: string;

  /** @param dir Where the image's programs and the sockets of the multiplexers are. */
  constructor(dir: string) {
    this.#dir = dir;
  }

  /**
   * Makes control files.
   *
   * @param name The directory in which they are.
   * @param port The port that leads to a guest's.
   * @param words The options of make-control.
   */
  async lead(name: string, port: number, ...words: string[]): Promise<void> {
    const place = join(this.#dir, name);
    await Deno.mkdir(place, { recursive: true });
    await succeed([...unsockCommand(), "make-control", "--dir", place, "--port", `${port}`, ...words]);
  }

  /** A server of stories that a node reaches at vsock port 6000 of CID 2. */
  async serve(node: number): Promise<Proc> {
    await this.lead("served", STORIES_PORT, "--fc-listen", udsPath(this.#dir, node), "--vsock-port", "6000");
    const server = start([join(this.#dir, "stories"), "serve", LOCAL, `${STORIES_PORT}`], this.#under("served"));
    await until("the host's server listens", () => server.output().includes("listening"), READY_MS);
    return server;
  }

  /**
   * The stories of a client of this machine and a node's server.
   *
   * @param node The machine that serves.
   * @param vsockPort Its server's; nobody has the next one.
   * @param names Those that are told; all, without any.
   * @returns Their lines.
   */
  async tell(node: number, vsockPort: number, ...names: string[]): Promise<string> {
    const directory = `to-${node}-${vsockPort}`;
    for (const more of [0, 1]) {
      const words = ["--fc-sock", udsPath(this.#dir, node), "--vsock-port", `${vsockPort + more}`];
      await this.lead(directory, STORIES_PORT + more, ...words);
    }
    const command = [join(this.#dir, "stories"), "tell", LOCAL, `${STORIES_PORT}`, ...names];
    return (await run(command, { ...this.#under(directory), timeoutMs: STORIES_MS })).stdout;
  }

  /**
   * A conversation of 200 kB each way with a server of the first node. Its control file is made by the seed's words, with a
   * relative path of the multiplexer.
   */
  async converse(vsockPort: number): Promise<RunResult> {
    const directory = `seed-${vsockPort}`;
    await Deno.mkdir(join(this.#dir, directory));
    const file = join(this.#dir, directory, `${PEER_PORT}.sock`);
    const env = { UNSOCK_FILE: file, UNSOCK_FC_SOCK: "v1.sock", UNSOCK_VSOCK_PORT: `${vsockPort}` };
    await succeed([libraryFile()], { env, cwd: this.#dir });
    const command = [join(this.#dir, "peer"), "connect", LOCAL, `${PEER_PORT}`, "blocking"];
    // On a busy machine the guest's server may not listen yet, or answer later than the multiplexer waits.
    let result = await run(command, this.#under(directory));
    const answers = async () => result.code === 0 || (result = await run(command, this.#under(directory))).code === 0;
    await until(`a guest answers at ${vsockPort}`, answers, STORIES_MS);
    return result;
  }

  /**
   * @param name A directory of lead's.
   * @returns The environment that puts a program under unsock there.
   */
  environment(name: string): Record<string, string> {
    const env = { LD_PRELOAD: libraryFile(), UNSOCK_DIR: join(this.#dir, name), UNSOCK_ADDR: `${LOCAL}/8,::1` };
    return { ...env, UNSOCK_ACCEPT_CONVERT_ALL: "1" };
  }

  #under(name: string): { env: Record<string, string> } {
    return { env: this.environment(name) };
  }
}

async function succeed(command: string[], options: Parameters<typeof run>[1] = {}): Promise<void> {
  const { code, stderr } = await run(command, options);
  if (code !== 0) throw new Error(`${command.join(" ")}: exit status ${code}\n${stderr}`);
}
