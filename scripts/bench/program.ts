/** The description of a program to measure. */

/** Where one server of a program is, and its client finds it. */
export interface Site {
  readonly port: number;
  /** A directory of the server's own; its native socket is there. */
  readonly directory: string;
  /** Of the server in front, if there is one. */
  readonly frontPort: number;
  /** Where that one finds the server: a socket file, or nothing where it is at the port. */
  readonly file: string | undefined;
  readonly native: boolean;
  readonly quick: boolean;
}

/** A server and the benchmark that measures it. */
export interface Program {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** All programs that have to be installed. */
  readonly needs: readonly string[];
  /** True if both ends can use an `AF_UNIX` socket by themselves. */
  readonly native: boolean;
  /** Prepares the server's files, once a site. */
  readonly prepare?: (site: Site) => Promise<void>;
  readonly server: (site: Site) => string[];
  /** A server in front of it, for a client of TCP: both are never under the library. */
  readonly front?: (site: Site) => string[];
  /** Run once, under the same library, when the server is there. */
  readonly fill?: (site: Site) => string[];
  readonly client: (site: Site) => string[];
  /** The speed that the client printed; NaN when there is none. */
  readonly parse: (printed: string) => number;
}
