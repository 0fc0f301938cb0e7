/** Other files under a port's name: never opened in a way that blocks, never removed, and never listed. */
import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { controlFile, sockaddrInet } from "../support/control.ts";
import { withDir } from "../support/dir.ts";
import { readFacts } from "../support/facts.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";
import { libraryEnv } from "../support/library.ts";
import { asNobody, whyNoOtherUser } from "../support/users.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

/** The files there. */
const ODD = ["a directory", "a link to nowhere", "a FIFO"];

for (const what of ODD) {
  Deno.test(
    `${what} under a port's name makes bind fail, and connect is refused`,
    { ignore },
    () =>
      withDir(async (dir) => {
        assertEquals(readFacts(await python(programText("beside"), dir, what)), {
          "bind a stream": "EADDRINUSE",
          connect: "ECONNREFUSED",
          "bind datagrams": "EADDRINUSE",
          sendto: "done",
        });
      }),
  );
}

for (const kind of ["stream", "datagram", "seqpacket"]) {
  Deno.test(
    `a plain Unix ${kind} server under a port's names keeps them, and gets no connection from checks`,
    { ignore },
    () =>
      withDir(async (dir) => {
        assertEquals(readFacts(await python(programText("plain_server"), dir, kind)), {
          SOCK_STREAM: "EADDRINUSE",
          SOCK_DGRAM: "EADDRINUSE",
          "servers that see somebody": 0,
          names: ["2001.dgram.sock", "2001.sock"],
        });
      }),
  );
}

/** A network of its own, in which a bind to port 0 has these ports alone: looked at more closely after the first ten. */
const FEW_PORTS = `echo "4000 4019" >/proc/sys/net/ipv4/ip_local_port_range && exec "$@"`;
const few = ["unshare", Deno.uid() === 0 ? "-n" : "-Urn", "sh", "-c", FEW_PORTS, "sh"];

Deno.test({
  name: "a damaged control file is passed over by a bind to any port, and makes one to its own port fail",
  ignore: ignore || !need("unshare") || (await run([...few, "true"])).code !== 0,
  fn: () =>
    withDir(async (dir) => {
      const damaged = controlFile({ dest: sockaddrInet("127.0.0.1", 1) });
      damaged[16] = 0xff;
      for (let port = 4001; port <= 4019; port++) Deno.writeFileSync(`${dir}/${port}.sock`, damaged);
      const { stdout, stderr } = await run([...few, "python3", "-c", programText("any_port")], {
        env: libraryEnv(dir),
      });
      assertEquals(stdout, "4000 ".repeat(8) + "EINVAL\n", stderr);
    }),
});

Deno.test(
  "a control file is followed if it is root's, one's own, or the directory's owner's; another user's is EACCES",
  {
    ignore: ignore || whyNoOtherUser() !== undefined,
  },
  () =>
    withDir(async (dir) => {
      await Deno.chmod(dir, 0o1777);
      assertStrictEquals((await run(asNobody(["/usr/bin/python3", "-c", programText("controls"), dir]))).code, 0);
      const refused = readFacts(await python(programText("try"), dir));
      assertEquals(Object.values(refused), ["EACCES", "EACCES", "EACCES", "EACCES"]);
      assert(![...Deno.readDirSync(dir)].some(({ name }) => name === "victim"), "nothing is made at its target");
      const log = `${dir}/log`;
      await run(["/usr/bin/python3", "-c", programText("try")], {
        env: libraryEnv(dir, { UNSOCK_LOG: log }),
      });
      assertMatch(await Deno.readTextFile(log), /bind .*127\.0\.0\.1:2001 .*2001\.sock EACCES/);
      for (const name of ["2001.sock", "2001.dgram.sock"]) await Deno.chown(`${dir}/${name}`, 0, 0);
      assertEquals(
        readFacts(await python(programText("try"), dir)),
        { "bind a stream": "done", connect: "ECONNREFUSED", "bind datagrams": "done", sendto: "done" },
        "root's own is followed",
      );
      assertMatch(await python(programText("bind"), dir), /victim/);
      // Without the sticky bit, for which the kernel itself would follow no link of another user.
      await Deno.chmod(dir, 0o755);
      await Deno.rename(`${dir}/2001.sock`, `${dir}/roots`);
      await Deno.symlink("roots", `${dir}/2001.sock`);
      const connect = async () => readFacts(await python(programText("try"), dir)).connect;
      assertEquals(await connect(), "ECONNREFUSED", "by root's link");
      assertStrictEquals((await run(["chown", "-h", "65534", `${dir}/2001.sock`])).code, 0);
      assertEquals(await connect(), "EACCES", "by another user's link to root's file");
    }),
);

Deno.test(
  "a bind in vain leaves no name, and its socket can be bound elsewhere, or connected",
  { ignore },
  () =>
    withDir(async (dir) => {
      await Deno.mkdir(`${dir}/s`);
      assertEquals(readFacts(await python(programText("refused_binds"), `${dir}/s`)), { names: [] });
    }),
);

Deno.test("root can replace another user's stale names in a sticky directory, also a link without its file", {
  ignore: ignore || Deno.uid() !== 0,
}, () =>
  withDir(async (dir) => {
    await Deno.mkdir(`${dir}/s`);
    await Deno.chmod(`${dir}/s`, 0o1777);
    const facts = readFacts(await python(programText("replace_links"), `${dir}/s`));
    assertEquals(facts, { names: ["2001.dgram.sock", "2001.sock"] });
  }));
