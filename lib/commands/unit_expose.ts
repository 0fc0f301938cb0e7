/** `unsock unit --expose`: prints the systemd units of a user's front, which systemd starts at the first request. */
import * as path from "@std/path/posix";
import { isIP } from "node:net";
import { EXPOSE_OPTIONS } from "../run/expose_options.ts";
import { ownLibrary } from "../library/own.ts";
import { inspectCommand } from "../run/program.ts";
import type { Context } from "../system/context.ts";
import { UsageError } from "../system/errors.ts";
import { LAST_PORT, parseDecimal } from "../system/numbers.ts";
import { optionFlag, type OptionValue, readOptions } from "../system/options.ts";
import { type FrontService, frontServiceUnit, frontSocketUnit } from "../units/front_units.ts";

const NAME = "unsock-front";
const PORT = "8080";
const LOOPBACK = "127.0.0.1";
const OPTIONS = { ...EXPOSE_OPTIONS, dir: { value: "directory", help: "" }, here: { help: "" } };
/** Options of `expose --http` whose values are paths. */
const PATHS = ["dir", "cert", "key", "log"];
const OTHERS = ["http", "address", "force"];

/** Formats one option for the service's command line, which needs absolute paths. */
function wordsOf(name: string, value: OptionValue): string[] {
  const flag = optionFlag(name);
  if (typeof value !== "string") return [flag];
  return [`${flag}=${PATHS.includes(name) ? path.resolve(value) : value}`];
}

/**
 * Describes the front's service.
 *
 * @param words Options of `expose --http`. The default port is 8080.
 * @throws {UsageError} When an option is not for a service, or its value is invalid.
 */
export function describeFront(
  name: string | undefined,
  words: readonly string[],
  context: Context,
): FrontService {
  const { values, operands } = readOptions(OPTIONS, words, false);
  const all = { http: PORT, ...values };
  const other = Object.keys(values).find((one) => ![...PATHS, ...OTHERS].includes(one));
  if (other !== undefined) throw new UsageError(`unit: --expose: not for a service: ${optionFlag(other)}`);
  const port = typeof all.http === "string" ? parseDecimal(all.http, 1, LAST_PORT) : undefined;
  if (port === undefined) throw new UsageError(`unit: --expose: --http: not a port from 1 to 65535: "${all.http}"`);
  const { address = LOOPBACK } = values;
  if (typeof address !== "string" || isIP(address) === 0) {
    throw new UsageError("unit: --expose: --address: not an IP address");
  }
  if (operands.length > 0) {
    throw new UsageError(`unit: --expose takes options of expose --http alone: "${operands[0]}"`);
  }
  const [step] = inspectCommand("unsock", ownLibrary(context));
  const scheme = values.cert === undefined ? "http" : "https";
  return {
    name: name ?? NAME,
    command: [
      path.resolve(step?.file ?? "unsock"),
      "expose",
      ...Object.entries(all).flatMap(([key, value]) => wordsOf(key, value)),
    ],
    address,
    port,
    url: `${scheme}://localhost:${port}/`,
  };
}

/** @returns The units: the name and the text of each file. */
export function frontUnits(service: FrontService): { file: string; text: string }[] {
  return [
    { file: `${service.name}.service`, text: frontServiceUnit(service) },
    { file: `${service.name}.socket`, text: frontSocketUnit(service) },
  ];
}
