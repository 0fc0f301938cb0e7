/** A filter that a program loads by libseccomp, for the calls that it makes itself: the library makes no others on a stream. */
import { assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";

/** Writes twice to a peer that has gone, when every question about a socket would end it. */
const FILTERED = `
seccomp = ctypes.CDLL("libseccomp.so.2")
seccomp.seccomp_init.restype = ctypes.c_void_p
ALLOW, KILL = 0x7fff0000, 0x80000000
listener = socket.create_server(("127.0.0.1", 2001))
client = socket.create_connection(("127.0.0.1", 2001))
peer = listener.accept()[0]
rules = ctypes.c_void_p(seccomp.seccomp_init(ALLOW))
for name in sys.argv[1].split():
    number = seccomp.seccomp_syscall_resolve_name(name.encode())
    assert seccomp.seccomp_rule_add_array(rules, ctypes.c_uint32(KILL), number, 0, None) == 0
assert seccomp.seccomp_load(rules) == 0
print(client.send(b"live"))
peer.close()
for i in range(2):
    try: print(client.send(b"gone"))
    except BrokenPipeError: print("EPIPE")
`;

Deno.test(
  "a program that forbids itself all questions about its sockets, by libseccomp, goes on",
  { ignore: !need("python3") },
  () =>
    withDir(async (dir) => {
      assertStrictEquals(
        await python(FILTERED, dir, "poll ppoll recvfrom recvmsg getsockopt ioctl"),
        "4\nEPIPE\nEPIPE\n",
      );
    }),
);
