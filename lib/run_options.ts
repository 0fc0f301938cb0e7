/**
 * The options of `run`, read without the command-line library, whose loading costs more than all the rest of `run`. Only
 * plain command lines: whatever is less than obvious is left to the library, and to its messages. Pure.
 */
import type { RunOptions } from "./run/run.ts";

type Text = "dir" | "addr" | "port" | "mode" | "acceptConvert" | "timeout" | "lib";
type Flag = "blockInet" | "blockInet6" | "fallback" | "force" | "dryRun";

const TEXTS: Readonly<Record<string, Text>> = {
  "--dir": "dir",
  "--addr": "addr",
  "--port": "port",
  "--mode": "mode",
  "--accept-convert": "acceptConvert",
  "--timeout": "timeout",
  "--lib": "lib",
};

const FLAGS: Readonly<Record<string, Flag>> = {
  "--block-inet": "blockInet",
  "--block-inet6": "blockInet6",
  "--fallback": "fallback",
  "--force": "force",
  "--dry-run": "dryRun",
};

/**
 * @param args What follows `unsock run`, up to the first `--`.
 * @returns The options, or undefined: ask the command-line library.
 */
export function readRunOptions(args: readonly string[]): RunOptions | undefined {
  const options: { -readonly [Name in keyof RunOptions]: RunOptions[Name] } = {};
  for (let index = 0; index < args.length; index++) {
    const [, name = "", value] = /^(--[a-z0-9-]+)(?:=(.*))?$/s.exec(args[index] ?? "") ?? [];
    const text = Object.hasOwn(TEXTS, name) ? TEXTS[name] : undefined;
    const flag = Object.hasOwn(FLAGS, name) ? FLAGS[name] : undefined;
    if (text !== undefined) {
      const given = value ?? args[++index];
      if (given === undefined || (value === undefined && given.startsWith("-"))) return undefined;
      options[text] = given;
    } else if (flag !== undefined && value === undefined) {
      options[flag] = true;
    } else if (name === "--log" && value !== undefined) {
      options.log = value;
    } else {
      return undefined;
    }
  }
  return options;
}
