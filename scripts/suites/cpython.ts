/** CPython's tests, for Debian's Python, with a runner of this project: Python's own runner reports in many formats. */
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { readReport } from "./readers.ts";
import type { Part, Suite } from "./suite.ts";

const RUNNER = join(dirname(fromFileUrl(import.meta.url)), "cpython.py");

/** The test modules of asyncio for sockets, processes and time. */
const ASYNCIO = [
  "base_events",
  "buffered_proto",
  "events",
  "selector_events",
  "sendfile",
  "server",
  "sock_lowlevel",
  "ssl",
  "sslproto",
  "streams",
  "subprocess",
  "timeouts",
  "transports",
  "unix_events",
];

/** The modules of `test`, by the suite's parts. */
const PARTS = {
  socket: ["test_socket"],
  waiting: ["test_select", "test_selectors", "test_poll", "test_epoll", "test_signal", "test_threadsignals"],
  asyncio: ASYNCIO.map((name) => `test_asyncio.test_${name}`),
  ssl: ["test_ssl"],
  http: ["test_httplib", "test_httpservers", "test_urllib", "test_urllib2", "test_urllib2_localnet", "test_wsgiref"],
  servers: ["test_socketserver", "test_xmlrpc", "test_docxmlrpc", "test_robotparser", "test_logging"],
  mail: ["test_ftplib", "test_smtplib", "test_poplib", "test_imaplib"],
  multiprocessing: ["test_multiprocessing_fork"],
};

export const CPYTHON: Suite = {
  name: "cpython",
  about:
    "`Lib/test`: socket, select, selectors, asyncio, ssl, http, urllib, socketserver, xmlrpc, ftplib, mail, multiprocessing",
  source: "python3.13",
  programs: ["python3.13"],
  version: ["/usr/bin/python3.13", "--version"],
  least: 3_000,
  async prepare(tree, work) {
    const modules = join(work, "modules");
    await Deno.mkdir(modules, { recursive: true });
    await Deno.remove(join(modules, "test")).catch(() => undefined);
    await Deno.symlink(join(tree, "Lib", "test"), join(modules, "test"));
    return Object.entries(PARTS).map(([name, tested]): Part => ({
      name,
      cwd: work,
      env: { PYTHONPATH: modules, PYTHONDONTWRITEBYTECODE: "1" },
      seconds: 900,
      chooses: true,
      command({ scratch, only }) {
        const names = join(scratch, "names");
        if (only !== undefined) Deno.writeTextFileSync(names, only.join("\n"));
        const chosen = only === undefined ? [] : ["--only", names];
        return ["/usr/bin/python3.13", RUNNER, "--report", join(scratch, "report"), ...chosen, ...tested];
      },
      read: readReport,
    }));
  },
};
