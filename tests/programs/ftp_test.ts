/** FTP: either side opens a second connection to the other, at an address and port that it reads from the first. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { mayUnshare } from "../support/namespaces.ts";
import { run } from "../support/process.ts";
import { need } from "../support/programs.ts";
import { type Rig, withRig } from "./rig.ts";

const TEXT = "line\n".repeat(50_000);

Deno.test("FTP transfers in passive and active mode, by curl and lftp", {
  ignore: !need("pyftpdlib", "curl", "lftp"),
}, async () => {
  await withRig(async (rig) => {
    Deno.mkdirSync(`${rig.files}/public`);
    rig.write("public/file", TEXT);
    const where = ["-i", "127.0.0.1", "-p", "17449", "-d", `${rig.files}/public`];
    await rig.server(["/usr/bin/python3", "-W", "ignore", "-m", "pyftpdlib", "-w", ...where], {
      tcp: [17449],
      cli: true,
    });
    for (const mode of [["--ftp-pasv"], ["--disable-epsv"], ["-P", "-"], ["-P", "-", "--disable-eprt"]]) {
      const get = await rig.client(["curl", "-sS", ...mode, "ftp://127.0.0.1:17449/file"]);
      assertStrictEquals(get.stdout, TEXT);
      await rig.client(["curl", "-sS", ...mode, "-T", "-", "ftp://127.0.0.1:17449/upload"], { stdin: TEXT });
      assertStrictEquals(Deno.readTextFileSync(`${rig.files}/public/upload`), TEXT);
    }
    for (const passive of ["on", "off"]) {
      const script =
        `set net:max-retries 1; set ftp:passive-mode ${passive}; open 127.0.0.1 -p 17449; cls -1; cat file`;
      const { stdout } = await rig.client(["lftp", "-c", script], { cli: true });
      assertMatch(stdout, /^file\nupload\nline\n/);
      assertStrictEquals(stdout.length, "file\nupload\n".length + TEXT.length);
    }
  });
});

/** Makes a root for what the server gives, and one for the processes that have nothing to do with files, each with the directory. */
const MOUNTS = 'mount --bind "$1" "$2/public$1" && mount --bind "$1" "$2/empty$1" && exec vsftpd "$2/vsftpd.conf"';

/** Starts vsftpd, which changes its root and its user; returns the client's words. */
async function startVsftpd(rig: Rig, port: number, engine: string, sandbox: string): Promise<string[]> {
  const { files, sockets } = rig;
  for (const root of ["public", "empty"]) Deno.mkdirSync(`${files}/${root}${sockets}`, { recursive: true });
  rig.write("public/file", TEXT);
  rig.write(
    "vsftpd.conf",
    `listen=YES
     listen_address=127.0.0.1
     listen_port=${port}
     anonymous_enable=YES
     nopriv_user=ftp
     anon_root=${files}/public
     secure_chroot_dir=${files}/empty
     seccomp_sandbox=${sandbox}
     background=NO\n`.replace(/^ +/gm, ""),
  );
  const { stdout: user } = await run(["id", "-u", "ftp"]);
  Deno.chownSync(sockets, Number(user), null);
  const command = ["unshare", "-m", "sh", "-c", MOUNTS, "sh", sockets, files];
  await rig.server(command, { tcp: [port], env: { UNSOCK_ENGINE: engine } });
  return ["curl", "-sS", `ftp://127.0.0.1:${port}/file`];
}

const NO_VSFTPD = !need("vsftpd", "curl", "unshare") || Deno.uid() !== 0 || !await mayUnshare();
const DATA_MODES = [["--ftp-pasv"], ["--disable-epsv"], ["-P", "-"], ["-P", "-", "--disable-eprt"]];

for (const [i, engine] of ["auto", "trap"].entries()) {
  Deno.test({
    name:
      `vsftpd sends files in passive and active mode, without its sandbox, from roots with the directory (${engine})`,
    ignore: NO_VSFTPD,
    fn: () =>
      withRig(async (rig) => {
        const curl = await startVsftpd(rig, 17466 + i, engine, "NO");
        // In active mode the server, another user by then, connects to the client's socket.
        const env = { UNSOCK_MODE: "666" };
        for (const mode of DATA_MODES) assertStrictEquals((await rig.client([...curl, ...mode], { env })).stdout, TEXT);
      }),
  });

  Deno.test({
    name: `vsftpd with its sandbox lets a client log in and ask; over TCP alone it also sends files (${engine})`,
    ignore: NO_VSFTPD,
    fn: () =>
      withRig(async (rig) => {
        const curl = await startVsftpd(rig, 17468 + i, engine, "YES");
        assertMatch(
          (await rig.client([...curl, "--head"])).stdout,
          new RegExp(`^Content-Length: ${TEXT.length}\r$`, "m"),
        );
        // Its filter allows no socket but TCP's.
        const sent = Deno.env.get("UNSOCK_TEST_PLAIN") === "1" ? TEXT : "none\n";
        for (const mode of DATA_MODES) {
          const { stdout } = await rig.client(["sh", "-c", '"$@" || echo none', "sh", ...curl, ...mode]);
          assertStrictEquals(stdout, sent);
        }
      }),
  });
}
