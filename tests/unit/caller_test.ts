/** What the caller had before the runtime changed it: `lib/system/caller.ts`. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { deriveCallerState, parseNofile, type ProcTexts } from "../../lib/system/caller.ts";

const limits = (soft: number | string, hard: number | string) =>
  `Limit                     Soft Limit           Hard Limit           Units     
Max processes             96365                96365                processes 
Max open files            ${soft}                ${hard}                files     
`;
const status = (name: string, ignored: string) => `Name:\t${name}\nSigBlk:\t0000000000000000\nSigIgn:\t${ignored}\n`;

function derive(texts: Partial<ProcTexts>) {
  return deriveCallerState({ ownLimits: undefined, parentLimits: undefined, parentStatus: undefined, ...texts });
}

Deno.test("deriveCallerState() takes an ignored SIGPIPE from a shell, not from a runtime that resets it", () => {
  assertStrictEquals(derive({ parentStatus: status("bash", "0000000000001000") }).ignoreSigpipe, true);
  assertStrictEquals(derive({ parentStatus: status("-bash", "0000000000001006") }).ignoreSigpipe, true);
  assertStrictEquals(derive({ parentStatus: status("bash", "0000000000000006") }).ignoreSigpipe, false);
  assertStrictEquals(derive({ parentStatus: status("python3", "0000000001001000") }).ignoreSigpipe, false);
  assertStrictEquals(derive({}).ignoreSigpipe, false);
});

Deno.test("deriveCallerState() takes the soft limit from the parent, and never above the hard one", () => {
  const own = limits(524288, 524288);
  assertStrictEquals(derive({ ownLimits: own, parentLimits: limits(1024, 524288) }).softNofile, 1024);
  assertStrictEquals(derive({ ownLimits: limits(300, 300), parentLimits: limits(1024, 524288) }).softNofile, undefined);
  assertStrictEquals(derive({ ownLimits: own }).softNofile, 1024);
  assertStrictEquals(derive({ ownLimits: limits(100, 100) }).softNofile, undefined);
  assertStrictEquals(derive({ ownLimits: own, parentLimits: own }).softNofile, undefined);
  assertStrictEquals(derive({}).softNofile, undefined);
});

Deno.test("deriveCallerState() leaves a soft limit alone that the runtime did not raise", () => {
  assertStrictEquals(derive({ ownLimits: limits(64, 4096), parentLimits: limits(1024, 4096) }).softNofile, undefined);
});

Deno.test("deriveCallerState() does not take systemd's own limit for its service's", () => {
  const texts = { ownLimits: limits(524288, 524288), parentLimits: limits(1073741816, 1073741816) };
  assertStrictEquals(derive({ ...texts, parentStatus: status("systemd", "0") }).softNofile, 1024);
});

Deno.test("parseNofile() knows unlimited", () => {
  assertEquals(parseNofile(limits("unlimited", "unlimited")), { soft: Infinity, hard: Infinity });
  assertStrictEquals(parseNofile("nothing"), undefined);
});
