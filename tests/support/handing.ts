/** A service manager for tests: opens sockets as systemd does, and executes a program with them (sd_listen_fds(3)). */
import { assertStrictEquals } from "@std/assert";
import { run } from "./process.ts";
import { shimEnv } from "./shim.ts";

const MANAGER = `
import json, os, socket, sys
opened, kept = [], []
for kind, name in json.loads(sys.argv[1]):
    fd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM if kind == "datagram" else socket.SOCK_STREAM)
    fd.bind(name if name[0] in "/@" else os.path.join(os.environ["UNSOCK_DIR"], name))
    if kind != "datagram": fd.listen(16)
    if kind == "connection":
        client = socket.socket(socket.AF_UNIX)
        client.connect(fd.getsockname())
        kept += [fd, client]
        fd = fd.accept()[0]
    opened.append(fd)
for i, fd in enumerate(opened): os.dup2(fd.fileno(), 100 + i, inheritable=False)
for i, fd in enumerate(kept): os.dup2(fd.fileno(), 200 + i)
for i, fd in enumerate(opened): os.dup2(100 + i, 3 + i, inheritable=True)
os.environ.update({"LISTEN_FDS": str(len(opened)), "LISTEN_PID": str(os.getpid()), **json.loads(sys.argv[2])})
os.execvp(sys.argv[3], sys.argv[3:])
`;

/** What it opens: a listener, a datagram socket, or a connection to a listener that it keeps (`Accept=yes`); and its path. */
export type Handed = readonly [kind: "stream" | "datagram" | "connection", path: string];

/**
 * Makes the command that hands sockets over.
 *
 * @param sockets What to open, in the order of the descriptors from 3 on; paths that are not absolute are in `UNSOCK_DIR`.
 * @param command The program that gets them, and its arguments.
 * @param env What it is told beside or instead of the true `LISTEN_FDS` and `LISTEN_PID`.
 * @returns The argument vector to start, with the process id that the program will have.
 */
export function handOver(sockets: readonly Handed[], command: string[], env: Record<string, string> = {}): string[] {
  return ["python3", "-c", MANAGER, JSON.stringify(sockets), JSON.stringify(env), ...command];
}

const HELPERS = `
import os, select, socket, subprocess, sys
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
def new(type=socket.SOCK_STREAM, family=4, reuseport=False):
    fd = socket.socket(FAMILIES[family], type)
    if reuseport: fd.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    fd.settimeout(10)
    return fd
def bind(fd, address="127.0.0.1", port=8000):
    """0 or the errno."""
    try: fd.bind((address, port))
    except OSError as error: return error.errno
    return 0
def listen(fd, address="127.0.0.1"):
    result = bind(fd, address)
    if result == 0: fd.listen()
    return result
def served(fd):
    """Does a client reach this listener?"""
    client = socket.create_connection(("127.0.0.1", 8000))
    accepted, peer = fd.accept()
    return peer == client.getsockname()
def plain(path):
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)
    return client
DIR = os.environ["UNSOCK_DIR"]
`;

/**
 * Runs a Python program under the library that gets sockets; it must write nothing to stderr.
 *
 * @param dir The absolute directory of the socket files.
 * @param sockets What is opened for it.
 * @param program Its text. `new()` makes a socket, `bind(fd)` and `listen(fd)` return 0 or the errno, `served(fd)` tells whether
 *   a client reaches the listener and is seen with its address, `plain(path)` is a plain Unix client, and DIR the directory.
 * @param env What it is told beside the sockets, or instead of them.
 * @returns What it printed.
 */
export async function told(
  dir: string,
  sockets: readonly Handed[],
  program: string,
  env: Record<string, string> = {},
): Promise<string> {
  const command = handOver(sockets, ["python3", "-c", HELPERS + program], env);
  const { stdout, stderr } = await run(command, { env: shimEnv(dir, { PYTHONUNBUFFERED: "1" }) });
  assertStrictEquals(stderr, "");
  return stdout;
}
