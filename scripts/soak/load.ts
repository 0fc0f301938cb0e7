/** The programs of a soak, and their ports. */
import { type Family, isInstalled, type Member } from "./family.ts";

const FIRST = 10_000;
const BLOCK = 40;
const BLOCKS = 500;
const TCP_MAKES = ["threads", "asyncio", "epoll", "prefork"];
const UDP_MAKES = ["serve", "events"];
const CHURN_PORTS = 4;

/** The kinds of requests that the programs count. A kind without a successful request is a finding. */
export const KINDS = [
  "tcp steady",
  "tcp brief",
  "udp connected",
  "udp unconnected",
  "udp deaf",
  "churn tcp",
  "churn udp",
  "servers",
  "races",
  "bind refused",
  "fault: lock held",
  "fault: client stopped",
  "fault: client torn",
];

/** The ports of one soak, chosen at random: /proc/net/unix has the names of all soaks, and each seeks its own ports. */
export class Ports {
  readonly #base = FIRST + BLOCK * Math.floor(Math.random() * BLOCKS);
  readonly tcp = TCP_MAKES.map((_, index) => this.#base + index);
  readonly udp = UDP_MAKES.map((_, index) => this.#base + 10 + index);
  readonly redis = this.#base + 19;
  readonly race = this.#base + 20;
  readonly churn = Array.from({ length: CHURN_PORTS }, (_, index) => this.#base + 21 + index);

  isOurs(port: number): boolean {
    return port >= this.#base && port < this.#base + BLOCK;
  }

  /** True for a port whose server runs from the beginning to the end. */
  isSteady(port: number): boolean {
    return port >= this.#base && port < this.race;
  }

  all(): number[] {
    return [...this.tcp, ...this.udp, this.redis, this.race, ...this.churn];
  }
}

export interface SteadyServer {
  readonly member: Member;
  readonly file: string;
}

/** Starts the servers that run all the time. */
export function startServers(family: Family, ports: Ports, home: string): SteadyServer[] {
  const tcp = TCP_MAKES.map((make, index) => {
    const port = ports.tcp[index] ?? 0;
    return { member: family.python("tcp_server.py", make, port), file: `${port}.sock` };
  });
  const udp = UDP_MAKES.map((make, index) => {
    const port = ports.udp[index] ?? 0;
    return { member: family.python("udp.py", make, port), file: `${port}.dgram.sock` };
  });
  if (!hasRedis()) return [...tcp, ...udp];
  const options = ["--bind", "127.0.0.1", "--save", "", "--dir", home, "--loglevel", "warning"];
  const member = family.start("redis-server", ["redis-server", "--port", `${ports.redis}`, ...options]);
  return [...tcp, ...udp, { member, file: `${ports.redis}.sock` }];
}

/** Starts the clients, the short-lived programs, and the faults. */
export function startClients(family: Family, ports: Ports): Member[] {
  const staying = ports.tcp.slice(0, 3); // not prefork: its workers serve one connection at a time
  return [
    family.python("tcp_client.py", "steady", ...staying),
    family.python("tcp_client.py", "brief", ...ports.tcp),
    family.python("udp.py", "connected", ...ports.udp),
    family.python("udp.py", "unconnected", ...ports.udp),
    family.python("udp.py", "deaf", ...ports.udp),
    family.python("churn.py", ports.race, ...ports.churn),
    family.python("faults.py", ports.udp.length, ...ports.udp, ...staying),
  ];
}

export function hasRedis(): boolean {
  return isInstalled("redis-server") && isInstalled("redis-benchmark");
}
