/** Names of settings: one that does not exist is a misspelling. `c/rules/setting_names.c` has the same rules. Pure. */
import { CONTROL_FILE_VARIABLE, CONTROL_OPTIONS, type ControlOption } from "../control/option_table.ts";
import { UsageError } from "../system/errors.ts";
import { nearest } from "../system/nearest.ts";
import { LIBRARY, SETTING_LIST } from "./settings.ts";

const PREFIX = "UNSOCK_";

/** What the tests read. */
const TESTS = "UNSOCK_TEST_";

/** Read by others than the library: the command line, the tests, the library as a program that makes a control file. */
export const OTHER_NAMES: readonly string[] = [
  LIBRARY.variable,
  "UNSOCK_DEBUG",
  "UNSOCK_MUST_WORK",
  CONTROL_FILE_VARIABLE.name,
  ...Object.values<ControlOption>(CONTROL_OPTIONS).flatMap(({ variable }) => variable?.name ?? []),
];

const NAMES: readonly string[] = [...SETTING_LIST.map(({ variable }) => variable), ...OTHER_NAMES];

/**
 * Refuses variables that nobody reads: whoever wrote them believes that they count.
 *
 * @param variables Names and values; empty is as good as unset.
 * @throws {UsageError} Naming the first one, and what it was most likely meant to be.
 */
export function checkSettingNames(variables: Iterable<readonly [name: string, value: string | undefined]>): void {
  for (const [name, value] of variables) {
    if (!value || !name.startsWith(PREFIX) || name.startsWith(TESTS) || NAMES.includes(name)) continue;
    const bare = (text: string) => text.slice(PREFIX.length);
    const meant = nearest(bare(name), NAMES.map(bare));
    const hint = meant === undefined ? "the manual page libunsock(7) has all" : `did you mean ${PREFIX}${meant}?`;
    throw new UsageError(`${name.replace(/[^A-Za-z0-9_]/g, "?").slice(0, 48)}: no such setting: ${hint}`);
  }
}
