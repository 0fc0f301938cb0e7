/** What the caller had before the runtime changed it: `c/program/caller.c`. */
import { assertEquals } from "@std/assert";
import { runHarness } from "../support/harness.ts";
import { need } from "../support/programs.ts";

const ignore = !need("cc");

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

interface State {
  readonly ignoreSigpipe: boolean;
  readonly softNofile: number | undefined;
}

/** What the library takes each caller's state for. */
async function derive(...cases: Partial<ProcTexts>[]): Promise<State[]> {
  const words = cases.flatMap(({ ownLimits, parentLimits, parentStatus }) =>
    [ownLimits, parentLimits, parentStatus].map((text) => text ?? "-")
  );
  const lines = (await runHarness("unit/caller.c", ["rt/sys.c", "rt/text.c", "rt/mem.c"], ...words)).trimEnd().split(
    "\n",
  );
  return lines.map((line) => {
    const [ignores, soft] = line.split(" ", 2);
    return { ignoreSigpipe: ignores === "1", softNofile: soft === "as" ? undefined : Number(soft) };
  });
}

async function assertSigpipe(cases: readonly (readonly [string | undefined, boolean])[]): Promise<void> {
  const states = await derive(...cases.map(([parentStatus]) => ({ parentStatus })));
  assertEquals(states.map(({ ignoreSigpipe }) => ignoreSigpipe), cases.map(([, expected]) => expected));
}

async function assertSoft(cases: readonly (readonly [Partial<ProcTexts>, number | undefined])[]): Promise<void> {
  const states = await derive(...cases.map(([texts]) => texts));
  assertEquals(states.map(({ softNofile }) => softNofile), cases.map(([, expected]) => expected));
}

Deno.test("takes an ignored SIGPIPE from a shell, not from a runtime that resets it", { ignore }, () =>
  assertSigpipe([
    [status("bash", "0000000000001000"), true],
    [status("-bash", "0000000000001006"), true],
    [status("bash", "0000000000000006"), false],
    [status("python3", "0000000001001000"), false],
    [undefined, false],
  ]));

Deno.test("takes the soft limit from the parent, and never above the hard one", { ignore }, () => {
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
  { ignore },
  () => assertSoft([[{ ownLimits: limits(64, 4096), parentLimits: limits(1024, 4096) }, undefined]]),
);

Deno.test("does not take systemd's own limit for its service's", { ignore }, () => {
  const texts = { ownLimits: limits(524288, 524288), parentLimits: limits(1073741816, 1073741816) };
  return assertSoft([[{ ...texts, parentStatus: status("systemd", "0") }, 1024]]);
});

Deno.test("no limit at all is a limit", { ignore }, () => {
  const own = limits("unlimited", "unlimited");
  return assertSoft([
    [{ ownLimits: own, parentLimits: limits(1024, "unlimited") }, 1024],
    [{ ownLimits: own, parentLimits: own }, undefined],
    [{ ownLimits: "nothing" }, undefined],
  ]);
});
