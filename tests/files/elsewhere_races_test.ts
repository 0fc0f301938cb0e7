/** Who meets at the path of a control file: servers that close and bind there at the same moment. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { DOORS, withPlace } from "../support/place.ts";
import { need } from "../support/programs.ts";
import { tryEveryMoment } from "./tool.ts";

const SOURCES: Readonly<Record<string, readonly string[]>> = {
  files: ["directory", "target_file", "directory_change", "lock", "file_netns", "socketfile"],
  kernel: ["beyond_limit", "file_info", "socket_info", "trust", "version"],
  memory: ["this_process"],
  rt: ["libc", "lines", "mem", "sys", "text", "user", "vdso"],
  rules: ["address", "address_text", "errno", "ip", "kernel_name", "keyed_hash", "nearest", "port_entry", "port_name"],
};

Deno.test("whoever takes the place of a server that closes or binds, at whatever moment of that, keeps it", {
  ignore: !need("cc"),
}, () =>
  withDir(async (dir) => {
    const expected = /^((close|bind), [a-z ]+: \d\d moments\n){6}$/;
    await tryEveryMoment(dir, "elsewhere_tool.c", SOURCES, ["e", "e/s"], expected);
  }));

/** Three servers, of which one has the place at a time; each asks itself, as a program would that knows nothing of unsock. */
const TAKE_TURNS = `
import errno
def reaches(server):
    "Over the file, as a program that knows nothing of unsock."
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(path)
        connection = server.accept()[0]
        connection.send(b"%d" % os.getpid())
        answer = client.recv(20)
        connection.close()
        return answer == b"%d" % os.getpid()
def bound_at_last():
    while True:
        server = socket.socket()
        try:
            server.bind(at)
            server.listen()
            return server
        except OSError as error:
            assert error.errno == errno.EADDRINUSE, error
            server.close()
children = []
for _ in range(3):
    children.append(os.fork())
    if children[-1] == 0:
        for _ in range(300):
            server = bound_at_last()
            for _ in range(2): assert there() and reaches(server)
            server.close()
        os._exit(0)
print([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children], there())
`;

for (const door of DOORS) {
  Deno.test(
    `${door}: servers that close and bind at one path at once: the file of the one that lives is always there`,
    {
      ignore: !need("python3"),
    },
    () =>
      withPlace(door, async ({ python, names }) => {
        assertStrictEquals(await python(TAKE_TURNS), "[0, 0, 0] False\n");
        assertEquals(names(), []);
      }),
  );
}
