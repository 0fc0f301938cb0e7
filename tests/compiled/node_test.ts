/**
 * The npm package on a machine with Node.js alone: a root with node, npm, and what these two need, no other program and no
 * network, not even a loopback. All its connections must go through files. The rest of the command line: tests/npm/alone_test.ts.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { dirname, join } from "@std/path/posix";
import { VERSION } from "../../lib/system/version.ts";
import { withDir } from "../support/dir.ts";
import { run } from "../support/process.ts";
import { findProgram, need } from "../support/programs.ts";
import { DIST, ignore, LONG_MS, succeed } from "./packages.ts";

const SOMEBODY = 61_005;
const PACKAGES = ["unsock", "unsock-linux-x64"].map((name) => `${name}-${VERSION}.tgz`);

const SERVER = `
const http = require("node:http");
http.createServer((request, response) => response.end(request.method + " from " + request.socket.remoteAddress + "\\n"))
  .listen(8080, "127.0.0.1", () => console.log("ready"));
`;

const CLIENT = `
fetch("http://127.0.0.1:8080/").then((answer) => answer.text()).then((text) => process.stdout.write(text));
`;

/** npx itself passes no signal on: so the server is started as npx would. */
const TRY = `
cd "$HOME/app"
npm install --offline --no-audit --no-fund --loglevel=error /packages/*.tgz
node_modules/.bin/unsock run -- node server.js &
npx unsock wait 8080 --timeout 60
npx unsock run -- node client.js
npx unsock run -- npx unsock path 8080
npx unsock query version
npx unsock prune
kill $!
{ wait $!; } 2>/dev/null || echo "the server ended with $?"
npx unsock wait 8080 --gone --timeout 60
node client.js 2>/dev/null || echo "without it there is no network"
`;

/** By the same paths as here: a program, the libraries that it is linked with, and what its links lead through. */
async function copyInto(root: string, program: string): Promise<void> {
  const { stdout } = await run(["ldd", program]);
  const libraries = Array.from(stdout.matchAll(/(?:=> |^\s)(\/\S+) \(0x/gm), (match) => match[1] ?? "");
  // glibc is one package: its smaller libraries are wherever it is.
  const glibc = libraries.filter((file) => file.endsWith("/libc.so.6")).map((file) =>
    join(dirname(file), "librt.so.1")
  );
  for (const file of [program, ...libraries, ...glibc]) {
    await Deno.mkdir(join(root, dirname(file)), { recursive: true });
    await succeed(["cp", "-L", file, join(root, file)]);
  }
}

async function makeRoot(root: string): Promise<void> {
  const [node = "", npm = ""] = ["node", "npm"].map((name) => findProgram(name));
  for (const program of [Deno.realPathSync(node), "/bin/sh", "/usr/bin/env"]) await copyInto(root, program);
  const bin = join(root, "usr/local/bin");
  await Deno.mkdir(bin, { recursive: true });
  const modules = join(root, "usr/local/lib/npm");
  await Deno.mkdir(dirname(modules), { recursive: true });
  await succeed(["cp", "-rL", dirname(dirname(Deno.realPathSync(npm))), modules]);
  await Deno.symlink(Deno.realPathSync(node), join(bin, "node"));
  for (const name of ["npm", "npx"]) await Deno.symlink(`../lib/npm/bin/${name}-cli.js`, join(bin, name));
  await Deno.mkdir(join(root, "packages"));
  for (const name of PACKAGES) await Deno.copyFile(join(DIST, name), join(root, "packages", name));
  for (
    const [name, mode] of [["tmp", 0o1777], ["etc", 0o755], ["proc", 0o755], ["dev", 0o755], ["run", 0o755]] as const
  ) {
    await Deno.mkdir(join(root, name));
    await Deno.chmod(join(root, name), mode);
  }
  await Deno.writeTextFile(
    join(root, "etc/passwd"),
    `root:x:0:0::/root:/bin/sh\nsomebody:x:${SOMEBODY}:${SOMEBODY}::/home/somebody:/bin/sh\n`,
  );
}

async function makeHome(root: string, home: string, owner: number): Promise<void> {
  const app = join(root, home, "app");
  await Deno.mkdir(app, { recursive: true });
  const files = { "package.json": "{}", "server.js": SERVER, "client.js": CLIENT };
  for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(join(app, name), text);
  await succeed(["chown", "-R", `${owner}:${owner}`, join(root, home)]);
}

const ENTER = `mount -t proc none "$1/proc" && : >"$1/dev/null" && mount --bind /dev/null "$1/dev/null" &&
shift && exec "$@"`;

for (const [who, owner, home] of [["root", 0, "/root"], ["an ordinary user", SOMEBODY, "/home/somebody"]] as const) {
  Deno.test({
    name: `the npm package runs a server and a client on a machine with Node.js alone, as ${who}`,
    ignore: ignore || Deno.uid() !== 0 || !need("npm", "ldd", "unshare", "setpriv"),
    fn: () =>
      withDir(async (dir) => {
        await Deno.chmod(dir, 0o755);
        const root = join(dir, "root");
        await makeRoot(root);
        await makeHome(root, home, owner);
        const chroot = ["chroot", `--userspec=${owner}:${owner}`, "--groups=", root];
        const command = ["unshare", "-mpfn", "sh", "-c", ENTER, "sh", root, ...chroot, "/bin/sh", "-euc", TRY];
        const env = { HOME: home, PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", LC_ALL: "C" };
        const { code, stdout, stderr } = await run(command, { env, clearEnv: true, timeoutMs: LONG_MS });
        assertEquals([code, stderr], [0, ""], stdout);
        const directory = owner === 0 ? "/run/unsock" : `/tmp/unsock-${owner}`;
        assertMatch(stdout, /^ready$/m);
        assertMatch(stdout, /^GET from 127\.0\.0\.1$/m);
        assertMatch(stdout, new RegExp(`^${directory}/8080\\.sock$`, "m"));
        assert(stdout.includes(`{"question":"version","version":"${VERSION}"}\n`), stdout);
        assertMatch(stdout, /^the server ended with 143$/m);
        assertMatch(stdout, /^without it there is no network$/m);
      }),
  });
}
