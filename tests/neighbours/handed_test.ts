/** Descriptors that a service manager hands over, or seems to: which of them a bind takes, and what becomes of them. */
import { assertEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { namesIn, withDir } from "../support/dir.ts";
import { type Facts, readFacts } from "../support/facts.ts";
import { type Handed, told } from "../support/handing.ts";
import { programsOf } from "../support/program_text.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { libraryEnv } from "../support/library.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

const EADDRINUSE = 98;
const ENOTCONN = 107;

const STREAM: Handed[] = [["stream", "8000.sock"]];

interface More {
  env?: Record<string, string>;
  /** The files that stay: the manager's, and no others. */
  files?: string[];
}

function story(what: string, sockets: Handed[], program: string, facts: Facts, { env, files }: More = {}): void {
  Deno.test(what, { ignore }, () =>
    withDir(async (dir) => {
      assertEquals(readFacts(await told(dir, sockets, program, env)), facts);
      assertEquals(namesIn(dir), files ?? sockets.map(([, name]) => name).toSorted());
    }));
}

/** The values of the variables with which nothing, or nothing of this process, is named. */
const NOTHING: Record<string, string>[] = [
  { LISTEN_FDS: "" },
  { LISTEN_FDS: "0" },
  { LISTEN_FDS: "-1" },
  { LISTEN_FDS: "x" },
  { LISTEN_FDS: " 1" },
  { LISTEN_FDS: "1 " },
  { LISTEN_FDS: "0x1" },
  { LISTEN_FDS: "65537" },
  { LISTEN_FDS: "4294967297" },
  { LISTEN_FDS: "99999999999999999999999" },
  { LISTEN_PID: "" },
  { LISTEN_PID: "1" },
  { LISTEN_PID: "0" },
  { LISTEN_PID: "all" },
];

for (const engine of ["auto", "trap"]) {
  const env = { UNSOCK_ENGINE: engine };
  story(`a server binds the port that was opened for it (${engine})`, STREAM, programText("serve"), {
    listen: 0,
    served: true,
  }, {
    env,
  });
  story(
    `LISTEN_FDS that names more descriptors than there are is no obstacle (${engine})`,
    STREAM,
    programText("serve"),
    { listen: 0, served: true },
    { env: { ...env, LISTEN_FDS: "65536" } },
  );
  Deno.test(
    `LISTEN_FDS and LISTEN_PID that name nothing hand nothing over: EADDRINUSE (${engine})`,
    { ignore },
    () =>
      withDir(async (dir) => {
        const results = await Promise.all(NOTHING.map(async (wrong, i): Promise<Facts> => {
          const one = join(dir, String(i));
          Deno.mkdirSync(one);
          return readFacts(await told(one, STREAM, programText("bind_once"), { ...env, ...wrong }));
        }));
        assertEquals(results, NOTHING.map(() => ({ bind: EADDRINUSE })));
      }),
  );
}

story(
  "a connection that was handed over is no listener, a datagram socket no stream, and another port's another's",
  [["connection", "8000.sock"], ["datagram", "8001.sock"], ["stream", "8002.sock"], ["stream", "8003.dgram.sock"]],
  programText("other_kinds"),
  {
    "stream, where a connection was handed over": EADDRINUSE,
    "stream, where a datagram socket was": EADDRINUSE,
    "stream, where a listener was": 0,
    "datagrams, where a listener was": EADDRINUSE,
  },
);

story(
  "a descriptor that the program has closed or replaced is not handed over any more",
  [["stream", "8000.sock"], ["stream", "8001.sock"], ["stream", "8002.sock"]],
  programText("closed_before"),
  {
    "bind where it was closed": EADDRINUSE,
    "bind where it is another file": EADDRINUSE,
    "bind where it is another socket": EADDRINUSE,
  },
);

story(
  "a program that uses its handed-over sockets gets EADDRINUSE when it also binds the port",
  STREAM,
  programText("aware"),
  {
    "its name": ["127.0.0.1", 8000],
    "bind of its address": EADDRINUSE,
    "bind of all addresses": EADDRINUSE,
    served: true,
  },
  { files: [] }, // this manager has gone, and the program knew what it had
);

story(
  "a program started by the process with the sockets gets EADDRINUSE, and a forked child may bind",
  STREAM,
  programText("started_and_forked"),
  { "a started process is told EADDRINUSE": true, "a forked one's listen": 0, "it serves": true },
);

story(
  "a server that executes itself binds the port again",
  STREAM,
  programText("executes_itself"),
  { "before exec: listen": 0, "before exec: served": true, "after exec: listen": 0, "after exec: served": true },
);

story(
  "a server that closes the port and binds it again serves the clients that connected meanwhile",
  STREAM,
  programText("binds_again"),
  {
    listen: 0,
    name: ["127.0.0.1", 8000],
    "listen again, on all addresses": 0,
    "name then": ["0.0.0.0", 8000],
    "accepts who came meanwhile": true,
  },
);

story(
  "a second bind of the address is EADDRINUSE, one of another address and one with SO_REUSEPORT are not",
  STREAM,
  programText("second_bind"),
  {
    "the address": 0,
    "the address again": EADDRINUSE,
    "all addresses": EADDRINUSE,
    "another address": 0,
    "another family's": 0,
    names: [["127.0.0.1", 8000], ["127.0.0.2", 8000], ["::1", 8000]],
    "two with SO_REUSEPORT": [0, 0],
    "one without": EADDRINUSE,
    "both serve": [true, true],
    "a child's with SO_REUSEPORT": 0,
    "a child's without": EADDRINUSE,
  },
);

story(
  "the status flags of one that listens already stay when another address is bound",
  STREAM,
  programText("status_flags"),
  { listen: [0, 0], "the first one blocks": false },
);

story(
  "getsockname after exec returns the bound address, also if an earlier one was different",
  STREAM,
  programText("told_after_exec"),
  {
    "listen on all addresses": 0,
    "told after exec": "::",
    "listen on one": 0,
    "told after exec then": "127.0.0.1",
  },
);

story(
  "closing and shutting down take no registration away from others, and nothing from the manager",
  [["stream", "8000.sock"], ["datagram", "8000.dgram.sock"]],
  programText("closes_and_shuts_down"),
  {
    listen: 0,
    "registered after a child has closed": true,
    "registered after shutdown and close": [],
    "the manager's listener has the client": true,
    "bind of datagrams": 0,
    "shutdown of datagrams": ENOTCONN,
    "the manager's socket has the datagram": true,
  },
);

story(
  "no other datagram socket renames the manager's, and the server cannot connect it to a client",
  [["datagram", "8000.dgram.sock"]],
  programText("datagram_clients"),
  {
    "two that share the port": [0, 0],
    "connect to the client": EADDRINUSE,
    "bind of a third": EADDRINUSE,
    heard: "y",
    names: ["8000.dgram.sock"],
  },
);

story(
  "a second socket with SO_REUSEADDR is one too many; a thread that waits to accept is woken by a client, not by shutdown",
  STREAM,
  programText("woken_by_client"),
  { "two with SO_REUSEADDR": [0, EADDRINUSE], "shutdown lets it wait": true, "a client wakes it": true },
);

Deno.test("a TCP listener that was opened outside serves its clients there, also when listen is called again", {
  ignore,
}, () =>
  withDir(async (dir) => {
    const env = Object.entries(libraryEnv(dir)).map(([name, value]) => `${name}=${value}`);
    const { stdout, stderr } = await run(["python3", "-c", programText("opened_outside"), ...env]);
    assertEquals(readFacts(stdout), { "a client outside is": "served" }, stderr);
    assertEquals(namesIn(dir), []);
  }));
