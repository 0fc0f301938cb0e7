/** In which order help and manual show a command's options, where it has many. Pure. */
import { HELP_OPTION, type Option, type OptionTable } from "../system/options.ts";

/** Options that belong together, by their names in code. */
const GROUPS: readonly (readonly [title: string, names: readonly string[]])[] = [
  ["What is redirected", [
    "addr",
    "port",
    "map",
    "fallback",
    "engine",
    "acceptConvert",
    "acceptAs",
    "connectTimeoutMs",
  ]],
  ["Where the sockets are", ["dir", "private", "group", "dirMode", "mode"]],
  ["What is refused", ["strict", "isolate", "blockInet", "blockInet6"]],
];
const TITLE = "Options";
const OTHERS = "Other options";

/** As many as a reader takes in at once. */
const UNGROUPED_MOST = 12;

/** One group, as it is shown. */
export interface OptionGroup {
  readonly title: string;
  readonly options: readonly (readonly [name: string, option: Option])[];
}

/** @returns All options of a command and `--help`; few ones are one group. */
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
