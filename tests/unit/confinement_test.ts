/** What `doctor COMMAND` says about security modules. tests/vm asks the kernel itself, in a guest with AppArmor. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { formatConfinement, selinuxFinding } from "../../lib/checks/confinement.ts";

const ADVICE = "add to the profile: /lib/u.so mrix, /s/ r, /s/** rwlk, unix,";

Deno.test("doctor tells what a program's AppArmor profile or SELinux context does not allow", () => {
  const format = (answer: "none" | "fits" | "shut" | "unmapped" | "ignored") => {
    const finding = formatConfinement("/bin/x", "/lib/u.so", { answer, profile: "x", directory: "/s" });
    return finding && [finding.level, finding.text, finding.advice];
  };
  assertStrictEquals(format("none"), undefined);
  assertEquals(format("fits"), [
    "ok",
    "/bin/x: its AppArmor profile x allows the library and the directory",
    undefined,
  ]);
  assertEquals(format("shut"), ["FAIL", "/bin/x: its AppArmor profile x allows no socket in /s", ADVICE]);
  assertEquals(format("unmapped"), [
    "FAIL",
    "/bin/x: its AppArmor profile x does not let it map the library",
    ADVICE,
  ]);
  assertEquals(format("ignored")?.slice(0, 2), [
    "FAIL",
    "/bin/x: its SELinux context x does not let it preload the library",
  ]);
  const ignored = { answer: "ignored", profile: "x", directory: "/s" } as const;
  assertStrictEquals(formatConfinement("/bin/x", "/lib/u.so", ignored, true)?.level, "note");
});

Deno.test("doctor names SELinux where it is enforcing, and is silent elsewhere", () => {
  assertEquals([undefined, "0", "1\n"].map((text) => selinuxFinding(text)?.level), [undefined, undefined, "note"]);
});
