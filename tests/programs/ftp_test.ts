/** FTP: either side opens a second connection to the other, at an address and port that it reads from the first. */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { need } from "../support/programs.ts";
import { withRig } from "./rig.ts";

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
