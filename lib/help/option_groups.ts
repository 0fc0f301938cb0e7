/** Groups and orders the options of a command for help and manual. */
import { HELP_OPTION, type Option, type OptionTable } from "../system/options.ts";

/** Options that belong together, by their names in code. */
const GROUPS: readonly (readonly [title: string, names: readonly string[]])[] = [
  ["Redirection", [
    "addr",
    "port",
    "map",
    "fallback",
    "engine",
    "acceptConvert",
    "acceptAs",
    "connectTimeoutMs",
  ]],
  ["Directory and permissions", ["dir", "private", "each", "group", "dirMode", "mode"]],
  ["Restrictions", ["strict", "isolate", "blockInet", "blockInet6"]],
];
const TITLE = "Options";
const OTHERS = "Other options";

/** A command with at most this many options shows them as one group. */
const UNGROUPED_MOST = 12;

export interface OptionGroup {
  readonly title: string;
  readonly options: readonly (readonly [name: string, option: Option])[];
}

/** @returns The groups of a command's options and `--help`. */
export function groupOptions(table: OptionTable): OptionGroup[] {
  const all = Object.entries<Option>({ ...table, help: HELP_OPTION });
  if (all.length <= UNGROUPED_MOST) return [{ title: TITLE, options: all }];
  const grouped = GROUPS.map(([title, names]) => ({
    title,
    options: names.flatMap((name) => all.filter(([own]) => own === name)),
  }));
  const names = new Set(grouped.flatMap(({ options }) => options.map(([name]) => name)));
  const rest = { title: OTHERS, options: all.filter(([name]) => !names.has(name)) };
  return [...grouped, rest].filter(({ options }) => options.length > 0);
}
