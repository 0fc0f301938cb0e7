/** Questions to the library about the names in a directory and their meaning (`c/files/directory.h`). */
import type { Fields, Question } from "../library/query.ts";
import { KINDS, type Port } from "../run/ports.ts";

/** The address that a socket is bound to. */
export interface BoundAddress {
  readonly text: string;
  /** Whether the socket is bound to `::` for both IPv4 and IPv6. */
  readonly forBoth: boolean;
}

const WHAT = ["plain", "port", "first", "listed", "unlisted", "record", "next", "inner"] as const;

/** The meaning of one name. */
export interface SocketName {
  readonly name: string;
  readonly port: number;
  readonly kind: Port["kind"];
  /**
   * `plain`: a `PORT.sock` that is no link of unsock's. `port`: a `PORT.sock` that is a link to the port's first
   * socket. `first`: the first socket's own file. `listed`: the own file of another socket in the port's record,
   * `.PORT@`. `unlisted`: the own file of any other socket. The other words are for internal files.
   */
  readonly what: typeof WHAT[number];
  /** The address that the socket is bound to, or undefined if the name does not show it. */
  readonly address: BoundAddress | undefined;
  /** For a datagram client: the server's address, if the name has it. */
  readonly asks: string | undefined;
  /** Whether a socket is bound to the socket file; undefined if not known, and for other kinds of file. */
  readonly state: "alive" | "stale" | undefined;
}

/** The question whether a socket is bound to a file; the answer is undefined if not known. No server notices it. */
export function stateQuestion(file: string): Question<SocketName["state"]> {
  return { word: `state=${file}`, read: readState };
}

/** The question for the names in a directory, of one port or of all. If the directory is missing, the list is empty. */
export function namesQuestion(port?: number): Question<SocketName[]> {
  return {
    word: port === undefined ? "names" : `names=${port}`,
    read: (answer) =>
      answer.list("names", (name): SocketName => {
        const address = name.maybeText("address");
        return {
          name: name.text("name"),
          port: name.number("port"),
          kind: name.word("kind", KINDS),
          what: name.word("what", WHAT),
          address: address === undefined ? undefined : { text: address, forBoth: name.flag("both") },
          asks: name.maybeText("asks"),
          state: readState(name),
        };
      }),
  };
}

function readState(answer: Fields): SocketName["state"] {
  const state = answer.maybeText("state");
  return state === undefined ? undefined : answer.word("state", ["alive", "stale"]);
}
