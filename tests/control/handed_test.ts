/** Sockets that a service manager has opened where others decide about the path: control files, and directories that may not be written to. */
import { assertStrictEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { controlFile, sockaddrUnix } from "../support/control.ts";
import { withDir } from "../support/dir.ts";
import { told } from "../support/handing.ts";
import { need } from "../support/programs.ts";
import { NOBODY } from "../support/users.ts";

const ignore = !need("python3");

Deno.test({
  name: "a service that may not write to the directory binds all addresses of the port that was opened for it",
  ignore: ignore || Deno.uid() !== 0,
  fn: () =>
    withDir(async (dir) => {
      Deno.chmodSync(dir, 0o755);
      const program = `
os.chmod(DIR + "/8000.sock", 0o666)
"".encode("idna") # what Python itself needs it may not read then
os.setuid(${NOBODY})
fds = [new(), new(family=6), new(), new(reuseport=True)]
print(listen(fds[0]), listen(fds[1], "::1"), listen(fds[2]), listen(fds[3]), served(fds[0]), bind(new(), port=8001))
`;
      assertStrictEquals(await told(dir, [["stream", "8000.sock"]], program), "0 0 98 98 True 13\n");
    }),
});

for (const type of ["stream", "datagram"] as const) {
  Deno.test(
    `a control file leads to a ${type} socket that was opened for the server`,
    { ignore },
    () =>
      withDir(async (dir) => {
        const [target, sockets] = [join(dir, "t"), join(dir, "s")];
        Deno.mkdirSync(sockets);
        const name = type === "stream" ? "8000.sock" : "8000.dgram.sock";
        Deno.writeFileSync(join(sockets, name), controlFile({ dest: sockaddrUnix(target) }));
        const program = type === "stream"
          ? `
fd = new()
print(listen(fd), listen(new()), fd.getsockname())
fd.shutdown(socket.SHUT_RDWR)
print(fd.listen(), served(fd) is not None)
fd.close()
client = plain(${JSON.stringify(target)})
print(listen(new()), select.select([3], [], [], 10)[0])
`
          : `
fd, client = new(socket.SOCK_DGRAM), new(socket.SOCK_DGRAM)
print(bind(fd), bind(new(socket.SOCK_DGRAM)), fd.getsockname())
client.connect(("127.0.0.1", 8000))
client.send(b"asked")
print(fd.recv(9))
`;
        const expected = type === "stream"
          ? "0 98 ('127.0.0.1', 8000)\nNone True\n0 [3]\n"
          : "0 98 ('127.0.0.1', 8000)\nb'asked'\n";
        assertStrictEquals(await told(sockets, [[type, target]], program), expected);
        assertStrictEquals(Deno.lstatSync(target).isSocket, true);
      }),
  );
}
