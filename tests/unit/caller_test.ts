/** What the caller had before the runtime changed it: `c/program/caller.c`. */
import { assertStrictEquals } from "@std/assert";
import { cString, openRunner } from "../../lib/system/ffi.ts";
import { shimLibrary } from "../support/shim.ts";

/** What the library is told. */
interface ProcTexts {
  readonly ownLimits: string;
  readonly parentLimits: string;
  readonly parentStatus: string;
}

const limits = (soft: number | string, hard: number | string) =>
  `Limit                     Soft Limit           Hard Limit           Units     
Max processes             96365                96365                processes 
Max open files            ${soft}                ${hard}                files     
`;
const status = (name: string, ignored: string) => `Name:\t${name}\nSigBlk:\t0000000000000000\nSigIgn:\t${ignored}\n`;

function derive(texts: Partial<ProcTexts>) {
  const text = (of: string | undefined) => of === undefined ? null : cString(of);
  const soft = new BigInt64Array(1);
  const ignores = openRunner(shimLibrary()).unsock_caller_state(
    text(texts.ownLimits),
    text(texts.parentLimits),
    text(texts.parentStatus),
    soft,
  );
  return { ignoreSigpipe: ignores === 1, softNofile: soft[0] === -1n ? undefined : Number(soft[0]) };
}

Deno.test("takes an ignored SIGPIPE from a shell, not from a runtime that resets it", () => {
  assertStrictEquals(derive({ parentStatus: status("bash", "0000000000001000") }).ignoreSigpipe, true);
  assertStrictEquals(derive({ parentStatus: status("-bash", "0000000000001006") }).ignoreSigpipe, true);
  assertStrictEquals(derive({ parentStatus: status("bash", "0000000000000006") }).ignoreSigpipe, false);
  assertStrictEquals(derive({ parentStatus: status("python3", "0000000001001000") }).ignoreSigpipe, false);
  assertStrictEquals(derive({}).ignoreSigpipe, false);
});

Deno.test("takes the soft limit from the parent, and never above the hard one", () => {
  const own = limits(524288, 524288);
  assertStrictEquals(derive({ ownLimits: own, parentLimits: limits(1024, 524288) }).softNofile, 1024);
  assertStrictEquals(derive({ ownLimits: limits(300, 300), parentLimits: limits(1024, 524288) }).softNofile, undefined);
  assertStrictEquals(derive({ ownLimits: own }).softNofile, 1024);
  assertStrictEquals(derive({ ownLimits: limits(100, 100) }).softNofile, undefined);
  assertStrictEquals(derive({ ownLimits: own, parentLimits: own }).softNofile, undefined);
  assertStrictEquals(derive({}).softNofile, undefined);
});

Deno.test("leaves a soft limit alone that the runtime did not raise", () => {
  assertStrictEquals(derive({ ownLimits: limits(64, 4096), parentLimits: limits(1024, 4096) }).softNofile, undefined);
});

Deno.test("does not take systemd's own limit for its service's", () => {
  const texts = { ownLimits: limits(524288, 524288), parentLimits: limits(1073741816, 1073741816) };
  assertStrictEquals(derive({ ...texts, parentStatus: status("systemd", "0") }).softNofile, 1024);
});

Deno.test("no limit at all is a limit", () => {
  const own = limits("unlimited", "unlimited");
  assertStrictEquals(derive({ ownLimits: own, parentLimits: limits(1024, "unlimited") }).softNofile, 1024);
  assertStrictEquals(derive({ ownLimits: own, parentLimits: own }).softNofile, undefined);
  assertStrictEquals(derive({ ownLimits: "nothing" }).softNofile, undefined);
});
