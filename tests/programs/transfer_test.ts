/** Servers that start a process for each client: git daemon, the rsync daemon; and stunnel, a thread for each. */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { randomBytes } from "node:crypto";
import { need } from "../support/programs.ts";
import { run } from "../support/process.ts";
import { certify } from "./certificate.ts";
import { type Rig, withRig } from "./rig.ts";

const PYTHON = "/usr/bin/python3";

async function git(rig: Rig, ...args: string[]): Promise<string> {
  const identity = ["-c", "user.name=Test", "-c", "user.email=test@example.test", "-c", "init.defaultBranch=main"];
  const { code, stdout, stderr } = await run(["git", ...identity, ...args], { env: { HOME: rig.files } });
  assertStrictEquals(code, 0, stderr);
  return stdout;
}

Deno.test("git clones from git daemon and pushes back", { ignore: !need("git", "git-daemon") }, async () => {
  await withRig(async (rig) => {
    const source = `${rig.files}/source`;
    await git(rig, "init", "-q", source);
    Deno.writeFileSync(`${source}/file`, randomBytes(500_000));
    await git(rig, "-C", source, "add", "file");
    await git(rig, "-C", source, "commit", "-q", "-m", "A file");
    await git(rig, "clone", "-q", "--bare", source, `${rig.files}/served.git`);
    const daemon = [
      "git",
      "daemon",
      "--listen=127.0.0.1",
      "--port=17261",
      "--reuseaddr",
      "--export-all",
      "--enable=receive-pack",
    ];
    await rig.server([...daemon, `--base-path=${rig.files}`, rig.files], { tcp: [17261], cli: true });

    const url = "git://127.0.0.1:17261/served.git";
    for (const cli of [false, true]) {
      const clone = `${rig.files}/clone-${cli}`;
      await rig.client(["git", "clone", "-q", url, clone], { cli });
      assertEquals(Deno.readFileSync(`${clone}/file`), Deno.readFileSync(`${source}/file`));
    }
    const clone = `${rig.files}/clone-true`;
    await git(rig, "-C", clone, "commit", "-q", "--allow-empty", "-m", "Another");
    await rig.client(["git", "-C", clone, "push", "-q", "origin", "main"]);
    assertMatch(await git(rig, "-C", `${rig.files}/served.git`, "log", "--oneline", "main"), / Another\n.* A file\n$/);
  });
});

Deno.test("rsync copies a tree from and to its daemon", { ignore: !need("rsync") }, async () => {
  await withRig(async (rig) => {
    const { files } = rig;
    for (const name of ["served", "taken"]) Deno.mkdirSync(`${files}/${name}`);
    for (let i = 0; i < 20; i++) Deno.writeFileSync(`${files}/served/${i}`, randomBytes(i * 10_000));
    const identity = Deno.uid() === 0 ? "uid = root\ngid = root\n" : "";
    const config = rig.write(
      "rsyncd.conf",
      `address = 127.0.0.1\nport = 17262\nuse chroot = no\nlog file = ${files}/log\npid file = ${files}/pid\n` +
        `lock file = ${files}/lock\n${identity}[tree]\npath = ${files}/served\nread only = no\n`,
    );
    await rig.server(["rsync", "--daemon", "--no-detach", `--config=${config}`], { tcp: [17262], cli: true });
    await rig.client(["rsync", "-a", "rsync://127.0.0.1:17262/tree/", `${files}/taken/`]);
    assertStrictEquals([...Deno.readDirSync(`${files}/taken`)].length, 20);
    assertEquals(Deno.readFileSync(`${files}/taken/19`), Deno.readFileSync(`${files}/served/19`));
    const added = rig.write("taken/added", "added\n");
    await rig.client(["rsync", "-a", added, "rsync://localhost:17262/tree/"], { cli: true });
    assertStrictEquals(Deno.readTextFileSync(`${files}/served/added`), "added\n");
    assertMatch(Deno.readTextFileSync(`${files}/log`), /rsync on tree\/ from \S+ \(127\.0\.0\.1\)/);
  });
});

/** The server keeps the connection: one that closes at once is a limit (docs/limits.md, POLLHUP). */
async function carryThroughStunnel(): Promise<void> {
  await withRig(async (rig) => {
    const { files } = rig;
    const page = randomBytes(100_000).toString("hex");
    rig.write("page", page);
    await certify(rig);
    const common = "foreground = yes\npid =\nsyslog = no\n";
    const server =
      `[server]\naccept = 127.0.0.1:17264\nconnect = 127.0.0.1:17263\ncert = ${files}/certificate\nkey = ${files}/key\n`;
    const client = `[client]\nclient = yes\naccept = 127.0.0.1:17265\nconnect = 127.0.0.1:17264\n` +
      `verifyChain = yes\nCAfile = ${files}/certificate\n`;

    const python = [PYTHON, "-m", "http.server", "--protocol", "HTTP/1.1"];
    await rig.server([...python, "--bind", "127.0.0.1", "--directory", files, "17263"], { tcp: [17263] });
    await rig.server(["stunnel", rig.write("server.conf", common + server)], { tcp: [17264], cli: true });
    await rig.server(["stunnel", rig.write("client.conf", common + client)], { tcp: [17265] });
    for (const cli of [false, true]) {
      const tls = ["--cacert", `${files}/certificate`, "https://127.0.0.1:17264/page"];
      assertStrictEquals((await rig.client(["curl", "-sSf", ...tls], { cli })).stdout, page);
      assertStrictEquals((await rig.client(["curl", "-sSf", "http://127.0.0.1:17265/page"], { cli })).stdout, page);
    }
  });
}

const stunnel = { ignore: !need("stunnel", "openssl", "curl", "python3") };

Deno.test("stunnel carries HTTP in TLS between two of its kind", stunnel, carryThroughStunnel);
