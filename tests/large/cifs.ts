/**
 * A directory on CIFS, whose server is killed and started again: tests/vm/guest/cifs in a virtual machine with Samba. Run
 * by `deno task test:cifs`, not by CI, as it fetches Samba's packages and takes a minute.
 */
import { assert, assertStrictEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path/posix";
import { bundleProgram } from "../../scripts/dist/bundle.ts";
import { withDir } from "../support/dir.ts";
import { file, makeImage, programEntries } from "../vm/image.ts";
import { fetchKernel } from "../vm/kernel.ts";
import { runGuest } from "../vm/machine.ts";
import { parseChecks } from "../vm/report.ts";
import { fetchSamba } from "../vm/samba.ts";

const TESTS = join(dirname(fromFileUrl(import.meta.url)), "..");
const CACHE = join(TESTS, "..", "build", "vm");
const TIMEOUT_MS = 600_000;

/** Deno and Samba take 200 MB, and once more while the kernel unpacks them. */
const MEMORY = 1024;

/** `cifs` and its dependencies in their order, with the ciphers that it asks for by name. */
const MODULES = [
  ..."crypto_null gf128mul ghash-generic gcm ccm cmac".split(" "),
  ..."netfs dns_resolver cifs_arc4 cifs_md4 nls_ucs2_utils cifs".split(" "),
];

Deno.test("on CIFS, the link of a server that was killed and started again is an empty file, and doctor says so", (t) =>
  withDir(async (dir) => {
    const [kernel, samba] = await Promise.all([fetchKernel(CACHE), fetchSamba(CACHE)]);
    await bundleProgram(dir);
    const image = await makeImage(kernel, dir, {
      modules: MODULES,
      checks: join(TESTS, "vm", "guest", "cifs"),
      entries: [
        ...samba,
        ...await programEntries(Deno.execPath(), "bin/deno"),
        await file("guest/main.mjs", join(dir, "main.mjs"), 0o644),
      ],
    });
    const { verdict, console } = await runGuest(kernel, image, TIMEOUT_MS, [], MEMORY);
    const checks = parseChecks(console);
    for (const { name, ok, output } of checks) await t.step(name, () => assert(ok, output));
    assertStrictEquals(console.findLast((line) => line.startsWith("1..")), `1..${checks.length}`, console.join("\n"));
    assertStrictEquals(verdict, "passed", console.join("\n"));
  }));
