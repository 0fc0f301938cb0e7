/** Descriptors that a service manager hands over, or seems to: which of them a bind takes, and what becomes of them. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { namesIn, withDir } from "../support/dir.ts";
import { type Handed, told } from "../support/handing.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

const STREAM: Handed[] = [["stream", "8000.sock"]];

interface More {
  env?: Record<string, string>;
  /** The files that stay: the manager's, and no others. */
  files?: string[];
}

function story(what: string, sockets: Handed[], program: string, output: string, { env, files }: More = {}): void {
  Deno.test(what, { ignore }, () =>
    withDir(async (dir) => {
      assertStrictEquals(await told(dir, sockets, program, env), output);
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
  story(`a server binds the port that was opened for it (${engine})`, STREAM, programText("serve"), "0 True\n", {
    env,
  });
  story(
    `LISTEN_FDS that names more descriptors than there are is no obstacle (${engine})`,
    STREAM,
    programText("serve"),
    "0 True\n",
    { env: { ...env, LISTEN_FDS: "65536" } },
  );
  Deno.test(
    `LISTEN_FDS and LISTEN_PID that name nothing hand nothing over: EADDRINUSE (${engine})`,
    { ignore },
    () =>
      withDir(async (dir) => {
        const results: string[] = [];
        for (const [i, wrong] of NOTHING.entries()) {
          const one = join(dir, String(i));
          Deno.mkdirSync(one);
          results.push(await told(one, STREAM, programText("bind_once"), { ...env, ...wrong }));
        }
        assertEquals(results, NOTHING.map(() => "98\n"));
      }),
  );
}

story(
  "a connection that was handed over is no listener, a datagram socket no stream, and another port's another's",
  [["connection", "8000.sock"], ["datagram", "8001.sock"], ["stream", "8002.sock"], ["stream", "8003.dgram.sock"]],
  programText("other_kinds"),
  "98 98 0\n98\n",
);

story(
  "what the program has closed, or made something else, is not handed over any more",
  [["stream", "8000.sock"], ["stream", "8001.sock"], ["stream", "8002.sock"]],
  programText("closed_before"),
  "[98, 98, 98]\n",
);

story(
  "a program that knows of its sockets is told EADDRINUSE when it binds the port as well",
  STREAM,
  programText("aware"),
  "('127.0.0.1', 8000) 98 98 True\n",
  { files: [] }, // this manager has gone, and the program knew what it had
);

story(
  "a process that was started by the one that has the sockets is told EADDRINUSE, and a forked one may bind",
  STREAM,
  programText("started_and_forked"),
  "1 True\n0 True\n",
);

story(
  "a server that executes itself binds the port again",
  STREAM,
  programText("executes_itself"),
  "0 True\n0 True\n",
);

story(
  "who closes the port and binds it again serves whoever came meanwhile",
  STREAM,
  programText("binds_again"),
  "0 ('127.0.0.1', 8000)\n0 ('0.0.0.0', 8000) True\n",
);

story(
  "a second bind of the address is EADDRINUSE, one of another address and one with SO_REUSEPORT are not",
  STREAM,
  programText("second_bind"),
  "0 98 98 0 0\n[('127.0.0.1', 8000), ('127.0.0.2', 8000), ('::1', 8000)]\n[0, 0] 98 True True\n0 98\n",
);

story(
  "the status flags of one that listens already stay when another address is bound",
  STREAM,
  programText("status_flags"),
  "0 0 False\n",
);

story(
  "the address that was bound is told after exec, also where the one before was another",
  STREAM,
  programText("told_after_exec"),
  "0\n('::', 8000)\n0\n('127.0.0.1', 8000)\n",
);

story(
  "closing and shutting down take no registration away from others, and nothing from the manager",
  [["stream", "8000.sock"], ["datagram", "8000.dgram.sock"]],
  programText("closes_and_shuts_down"),
  "0\nTrue\n[] [3]\n0\n107\n[4]\n",
);

story(
  "no other datagram socket moves the manager's out of the way, nor is it led elsewhere for a client of its own",
  [["datagram", "8000.dgram.sock"]],
  programText("datagram_clients"),
  "[0, 0]\n98\n98\nb'y' ['8000.dgram.sock']\n",
);

story(
  "a second socket with SO_REUSEADDR is one too many; a thread that waits to accept is woken by a client, not by shutdown",
  STREAM,
  programText("woken_by_client"),
  "[0, 98]\n1 True\nTrue\n",
);
