/** What else may stand under a port's name: it is never opened so that it blocks, never removed, and never told. */
import { assert, assertMatch, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";
import { shimEnv } from "../support/shim.ts";
import { asNobody, whyNoOtherUser } from "../support/users.ts";

const ignore = !need("python3");

/** Binds and connects a stream and a datagram socket, and says what came of it. */
const TRY_ALL = `
import errno
def outcome(call):
    try: call(); return "done"
    except OSError as error: return errno.errorcode[error.errno]
def stream(): return socket.socket(socket.AF_INET, socket.SOCK_STREAM)
def datagram(): return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
at = ("127.0.0.1", 2001)
print(outcome(lambda: stream().bind(at)), outcome(lambda: stream().connect(at)), end=" ")
print(outcome(lambda: datagram().bind(at)), outcome(lambda: datagram().sendto(b"x", at)))
`;

const NAMES = `"2001.sock", "2001.dgram.sock"`;

const ODD: readonly { what: string; make: string; says?: string }[] = [
  { what: "a directory", make: `for n in (${NAMES}): os.mkdir(d + n)` },
  { what: "a link to nowhere", make: `for n in (${NAMES}): os.symlink("/nowhere", d + n)` },
  { what: "a FIFO", make: `for n in (${NAMES}): os.mkfifo(d + n)` },
];

for (const { what, make } of ODD) {
  Deno.test(
    `${what} under a port's name is in the way of bind, and nobody for connect`,
    { ignore },
    () =>
      withDir(async (dir) => {
        const program =
          `d = os.environ["UNSOCK_DIR"] + "/"\n${make}\nbefore = files()\n${TRY_ALL}\nassert files() == before`;
        assertStrictEquals(await python(program, dir), "EADDRINUSE ECONNREFUSED EADDRINUSE done\n");
      }),
  );
}

const PLAIN_SERVER = `
import select
d = os.environ["UNSOCK_DIR"] + "/"
kinds = {"stream": socket.SOCK_STREAM, "datagram": socket.SOCK_DGRAM, "seqpacket": socket.SOCK_SEQPACKET}
kind = kinds[sys.argv[1]]
servers = []
for name in (${NAMES}):
    server = socket.socket(socket.AF_UNIX, kind)
    server.bind(d + name)
    if kind != socket.SOCK_DGRAM: server.listen(8)
    servers.append(server)
def outcome(call):
    try: call(); return "done"
    except OSError as error: return errno.errorcode[error.errno]
import errno
for name, type in (("2001.sock", socket.SOCK_STREAM), ("2001.dgram.sock", socket.SOCK_DGRAM)):
    print(outcome(lambda: socket.socket(socket.AF_INET, type).bind(("127.0.0.1", 2001))), end=" ")
print(len(select.select(servers, [], [], 0)[0]), sorted(files()))
`;

for (const kind of ["stream", "datagram", "seqpacket"]) {
  Deno.test(
    `a plain Unix ${kind} server under a port's names keeps them, and sees nobody`,
    { ignore },
    () =>
      withDir(async (dir) => {
        const names = `['2001.dgram.sock', '2001.sock']`;
        assertStrictEquals(await python(PLAIN_SERVER, dir, kind), `EADDRINUSE EADDRINUSE 0 ${names}\n`);
      }),
  );
}

const CONTROL_OF = `
import struct
def control(path, target):
    dest = struct.pack("<H", 1) + target.encode()
    body = struct.pack("<QQIIII", 0x4b534e55, 0, 0, len(dest), 0, 0) + bytes(128) + dest.ljust(128, b"\\0")
    open(path, "wb").write(body.ljust(452, b"\\0"))
`;

Deno.test(
  "a control file is followed if it is root's, one's own, or the directory's owner's; another user's is EACCES",
  {
    ignore: ignore || whyNoOtherUser() !== undefined,
  },
  () =>
    withDir(async (dir) => {
      await Deno.chmod(dir, 0o1777);
      const victim = `${dir}/victim`;
      const make = `import os\n${CONTROL_OF}\nfor n in (${NAMES}): control("${dir}/" + n, "${victim}")`;
      assertStrictEquals((await run(asNobody(["/usr/bin/python3", "-c", make]))).code, 0);
      assertStrictEquals(await python(TRY_ALL, dir), "EACCES EACCES EACCES EACCES\n");
      assert(![...Deno.readDirSync(dir)].some(({ name }) => name === "victim"), "nothing is made at its target");
      const log = `${dir}/log`;
      await run(["/usr/bin/python3", "-c", `import os, socket, sys\n${TRY_ALL}`], {
        env: shimEnv(dir, { UNSOCK_LOG: log }),
      });
      assertMatch(await Deno.readTextFile(log), /bind .*127\.0\.0\.1:2001 .*2001\.sock EACCES/);
      for (const name of ["2001.sock", "2001.dgram.sock"]) await Deno.chown(`${dir}/${name}`, 0, 0);
      assertStrictEquals(await python(TRY_ALL, dir), "done ECONNREFUSED done ECONNREFUSED\n", "root's own is followed");
      assertMatch(await python(`${TRY_ALL}\nserver = stream()\nserver.bind(at)\nprint(files())`, dir), /victim/);
    }),
);

/** Sockets that are there already, so that the next ones are born local, and used up by a bind in vain. */
const REFUSED_BINDS = `
import errno
d = os.environ["UNSOCK_DIR"] + "/"
held = []
def server(address, port):
    made = socket.socket()
    made.bind((address, port))
    made.listen()
    return made
for born_local in (False, True):
    held += [server("127.0.0.1", 3000 + i) for i in range(20 if born_local else 0)]
    open(d + "2001.sock", "wb").write(b"UNSK" + bytes(4) + b"x" * 444) # no control file, but meant as one
    tried = socket.socket()
    try: tried.bind(("127.0.0.1", 2001))
    except OSError as error: assert error.errno == errno.EINVAL
    assert os.listdir(d).count(".2001@127.0.0.1") == 0
    os.unlink(d + "2001.sock")
    first = server("127.0.0.1", 2001)
    try: tried.bind(("0.0.0.0", 2001))
    except OSError as error: assert error.errno == errno.EADDRINUSE
    assert os.listdir(d).count(".2001@0.0.0.0") == 0
    assert os.readlink(d + "2001.sock") == ".2001@127.0.0.1"
    tried.bind(("127.0.0.1", 2002))
    tried.listen()
    client = socket.create_connection(("127.0.0.1", 2002))
    again = socket.socket()
    try: again.bind(("127.0.0.1", 2001))
    except OSError as error: assert error.errno == errno.EADDRINUSE
    again.connect(("127.0.0.1", 2001))
    for one in (tried, client, first, again): one.close()
for one in held: one.close()
print(files())
`;

Deno.test(
  "a bind in vain leaves no name, and its socket can be bound elsewhere, or connected",
  { ignore },
  () =>
    withDir(async (dir) => {
      await Deno.mkdir(`${dir}/s`);
      assertStrictEquals(await python(REFUSED_BINDS, `${dir}/s`), "[]\n");
    }),
);

Deno.test("what another user has left in a sticky directory is root's to replace, also without its file", {
  ignore: ignore || Deno.uid() !== 0,
}, () =>
  withDir(async (dir) => {
    await Deno.mkdir(`${dir}/s`);
    await Deno.chmod(`${dir}/s`, 0o1777);
    const program = `
d = os.environ["UNSOCK_DIR"] + "/"
for name in ("2001", "2001u"):
    os.symlink("." + name + "@127.0.0.1", d + name.replace("u", ".dgram") + ".sock")
    os.lchown(d + name.replace("u", ".dgram") + ".sock", 12345, 12345)
stream, datagram = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
for one in (stream, datagram): one.bind(("127.0.0.1", 2001))
print(files())
`;
    assertStrictEquals(await python(program, `${dir}/s`), "['2001.dgram.sock', '2001.sock']\n");
  }));
