/** The caller's state before the runtime changed it. */
import { assertEquals } from "@std/assert";
import { type CallerTexts, deriveCaller } from "../../lib/library/caller.ts";

const limits = (soft: number | string, hard: number | string) =>
  `Limit                     Soft Limit           Hard Limit           Units     
Max processes             96365                96365                processes 
Max open files            ${soft}                ${hard}                files     
`;
const status = (name: string, ignored: string) => `Name:\t${name}\nSigBlk:\t0000000000000000\nSigIgn:\t${ignored}\n`;

function assertSigpipe(cases: readonly (readonly [string | undefined, boolean])[]): void {
  const states = cases.map(([parentStatus]) => deriveCaller({ parentStatus }));
  assertEquals(states.map(({ ignoresSigpipe }) => ignoresSigpipe), cases.map(([, expected]) => expected));
}

function assertSoft(cases: readonly (readonly [CallerTexts, number | undefined])[]): void {
  const states = cases.map(([texts]) => deriveCaller(texts));
  assertEquals(states.map(({ softNofile }) => softNofile), cases.map(([, expected]) => expected));
}

Deno.test("takes an ignored SIGPIPE from a shell, not from a runtime that resets it", () =>
  assertSigpipe([
    [status("bash", "0000000000001000"), true],
    [status("-bash", "0000000000001006"), true],
    [status("bash", "0000000000000006"), false],
    [status("python3", "0000000001001000"), false],
    [undefined, false],
  ]));

Deno.test("takes the soft limit from the parent, and never above the hard one", () => {
  const own = limits(524288, 524288);
  return assertSoft([
    [{ ownLimits: own, parentLimits: limits(1024, 524288) }, 1024],
    [{ ownLimits: limits(300, 300), parentLimits: limits(1024, 524288) }, undefined],
    [{ ownLimits: own }, 1024],
    [{ ownLimits: limits(100, 100) }, undefined],
    [{ ownLimits: own, parentLimits: own }, undefined],
    [{}, undefined],
  ]);
});

Deno.test(
  "leaves a soft limit alone that the runtime did not raise",
  () => assertSoft([[{ ownLimits: limits(64, 4096), parentLimits: limits(1024, 4096) }, undefined]]),
);

Deno.test("does not take systemd's own limit for its service's", () => {
  const texts = { ownLimits: limits(524288, 524288), parentLimits: limits(1073741816, 1073741816) };
  return assertSoft([[{ ...texts, parentStatus: status("systemd", "0") }, 1024]]);
});

Deno.test("no limit at all is a limit", () => {
  const own = limits("unlimited", "unlimited");
  return assertSoft([
    [{ ownLimits: own, parentLimits: limits(1024, "unlimited") }, 1024],
    [{ ownLimits: own, parentLimits: own }, undefined],
    [{ ownLimits: "nothing" }, undefined],
  ]);
});
