/** Lists the clients of a port: finds the peer of each of the server's sockets in the kernel's list. */
import { formatEndpoint, readClientName } from "./client_names.ts";
import type { Holders, SocketHolder } from "./holders.ts";
import type { UnixSocketEntry } from "./unix_sockets.ts";

/** A connection, seen from its client. */
export interface Client {
  /** The client's address and port, or undefined for a plain Unix client, which has none. */
  readonly address: string | undefined;
  /** The address and port that the client connected to, or undefined if this is not known. */
  readonly server: string | undefined;
  /** Bytes that the server has not read yet. */
  readonly unreadByServer: number;
  /** Bytes that the client has not read yet, or undefined if this is not known. */
  readonly unreadByClient: number | undefined;
  /** The client's processes, as far as this user's rights allow. */
  readonly processes: readonly SocketHolder[];
}

/** Finds the clients of a server's sockets. */
export class Peers {
  readonly #byInode: Map<number, UnixSocketEntry>;
  readonly #byPeer = new Map<number, UnixSocketEntry[]>();
  readonly #holders: Holders;

  constructor(sockets: readonly UnixSocketEntry[], holders: Holders) {
    this.#byInode = new Map(sockets.map((socket) => [socket.inode, socket]));
    for (const socket of sockets) {
      if (socket.peer === undefined) continue;
      const there = this.#byPeer.get(socket.peer);
      if (there === undefined) this.#byPeer.set(socket.peer, [socket]);
      else there.push(socket);
    }
    this.#holders = holders;
  }

  /** Returns the clients of a stream server: one for each connection that the server has accepted. */
  ofStreams(accepted: readonly UnixSocketEntry[]): Client[] {
    return accepted.map(({ unread, peer }) => {
      const client = peer === undefined ? undefined : this.#byInode.get(peer);
      const ends = client && readClientName(client.path);
      return {
        address: ends && formatEndpoint(ends.client),
        server: ends && formatEndpoint(ends.server),
        unreadByServer: unread,
        unreadByClient: client?.unread,
        processes: peer === undefined ? [] : this.#holders.of(peer),
      };
    });
  }

  /** Returns the datagram clients that are connected to a server's socket. The kernel's list shows no others. */
  ofDatagrams(servers: readonly UnixSocketEntry[]): Client[] {
    return servers.flatMap(({ inode }) => this.#byPeer.get(inode) ?? []).map(({ inode, port, unread }) => ({
      address: port && `*:${port.number}`,
      server: undefined,
      unreadByServer: 0,
      unreadByClient: unread,
      processes: this.#holders.of(inode),
    }));
  }
}
