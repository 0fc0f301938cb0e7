/** What `libunsock.so` shows to the outside: an exported name too many would replace a function of every program. */
import assert from "node:assert/strict";
import { run } from "../support/process.ts";
import { shimLibrary } from "../support/shim.ts";

const INTERCEPTED = `
  socket socketpair bind listen connect accept accept4 getsockname getpeername getsockopt setsockopt
  sendto sendmsg sendmmsg recvfrom __recvfrom_chk recvmsg recvmmsg
  shutdown close closefrom close_range dup dup2 dup3 fcntl fcntl64 ioctl epoll_create epoll_create1 epoll_ctl
  _exit _Exit
`;

const OWN = `
  unsock_check_control unsock_configure unsock_covers unsock_last_error unsock_make_control unsock_path unsock_version
`;

const words = (text: string) => text.trim().split(/\s+/);

/** The tools come with the compiler that built the library. */
async function inspect(...command: string[]): Promise<string> {
  const { code, stdout, stderr } = await run([...command, shimLibrary()]);
  assert.equal(code, 0, stderr);
  return stdout;
}

Deno.test("libunsock.so exports the intercepted functions and unsock_*, nothing else", async () => {
  const exported = (await inspect("nm", "-D", "--defined-only", "-P")).trim().split("\n").map((line) =>
    line.split(" ")[0]
  );
  assert.deepEqual(exported.toSorted(), [...words(INTERCEPTED), ...words(OWN)].toSorted());
});

Deno.test("libunsock.so can do without every function that it imports", async () => {
  const imported = (await inspect("nm", "-D", "--undefined-only", "-P")).trim().split("\n").filter((line) =>
    line !== ""
  );
  for (const line of imported) assert.match(line, /^\S+ [wv]\b/, "a strong reference would not load in every libc");
});

Deno.test("libunsock.so needs no library and no symbol version, and starts by itself", async () => {
  const dynamic = await inspect("readelf", "-dW");
  assert.doesNotMatch(dynamic, /\((NEEDED|VERNEED|VERSYM|TEXTREL|RUNPATH|RPATH)\)/);
  assert.match(dynamic, /\(HASH\)/); // musl and old glibc
  assert.match(dynamic, /\(GNU_HASH\)/);
  const program = await inspect("readelf", "-lW");
  assert.doesNotMatch(program, /INTERP/);
  assert.doesNotMatch(program, /GNU_STACK.*RWE/);
  const { code, stdout, stderr } = await run([shimLibrary()]);
  assert.equal(code, 0, stderr);
  assert.match(stdout + stderr, /libunsock\.so run -- COMMAND/);
});
