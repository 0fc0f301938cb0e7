/** The description of a program to measure. */

/** The port, directory and files of one server, by which its client finds it. */
export interface Site {
  readonly port: number;
  /** The server's own directory, which also has its native socket. */
  readonly directory: string;
  /** The port of the server in front, if there is one. */
  readonly frontPort: number;
  /** The socket file at which the server in front finds the server; undefined if it finds the server at the port. */
  readonly file: string | undefined;
  readonly native: boolean;
  readonly quick: boolean;
}

export interface Program {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly needs: readonly string[];
  /** True if both ends can use an `AF_UNIX` socket by themselves. */
  readonly native: boolean;
  /** Prepares the server's files. Called once for each site. */
  readonly prepare?: (site: Site) => Promise<void>;
  readonly server: (site: Site) => string[];
  /** The command of a server in front, for clients over TCP. This server and its clients run without the library. */
  readonly front?: (site: Site) => string[];
  /** A command that is run once when the server listens, under the server's library. */
  readonly fill?: (site: Site) => string[];
  readonly client: (site: Site) => string[];
  /** Returns the speed that the client printed, or NaN if there is none. */
  readonly parse: (printed: string, site: Site) => number;
}
