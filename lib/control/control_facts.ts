/** What control files say: asked of the library (`c/program/control_explain.c`). */
import { explainByForeignFunctions } from "../library/ffi.ts";
import type { Library } from "../library/query.ts";

/** A control file is exactly this long. */
export const CONTROL_FILE_SIZE = 452;

/** An address, by its fields: `docs/json.md` has them. */
export interface AddressFacts {
  readonly family: string;
  /** Of a Unix socket, as it may be shown. */
  readonly path?: string;
  readonly abstract?: boolean;
}

/** What `show-control --json` prints. */
export interface ControlFacts {
  readonly kind: "plain" | "firecracker" | "refusing";
  /** The Unix socket of a Firecracker multiplexer that is asked for the destination's port. */
  readonly proxy: AddressFacts | null;
  readonly destination: AddressFacts;
  /** What becomes of a half-close; missing: the file does not say. */
  readonly halfClose?: keyof typeof HALF_CLOSES;
  readonly socketOptions: readonly string[];
  /** Where it leads, in one short line. */
  readonly target: string;
}

/** The same, with its addresses in words. */
interface ExplainedControl extends ControlFacts {
  readonly proxyWords?: string;
  readonly destinationWords: string;
}

/** These bytes are no control file. */
export class ControlFileError extends Error {
  override readonly name = "ControlFileError";
}

/**
 * @param bytes A file's content: data from outside.
 * @returns What it says.
 * @throws {ControlFileError} When the library would refuse it too, with the reason.
 */
export function explainControl(bytes: Uint8Array, library: Library): ExplainedControl {
  const { isGood, text } = explainByForeignFunctions(library.file, bytes);
  if (!isGood) throw new ControlFileError(text);
  return JSON.parse(text);
}

/** @returns Every field in words, a line each. */
export function describeControl(control: ExplainedControl): string {
  const { kind, proxy, proxyWords, destination, destinationWords, halfClose, socketOptions } = control;
  const lines: [string, string][] = [["kind", KINDS[kind]]];
  if (proxy !== null) lines.push(["proxy", `${proxy.family}, ${proxyWords}`]);
  lines.push(["destination", `${destination.family}, ${destinationWords}`]);
  if (halfClose !== undefined) lines.push(["half-close", HALF_CLOSES[halfClose]]);
  for (const option of socketOptions) lines.push(["socket option", option]);
  if (socketOptions.length === 0) lines.push(["socket options", "none"]);
  return lines.map(([label, text]) => `${`${label}:`.padEnd(16)}${text}\n`).join("");
}

const KINDS: Readonly<Record<ControlFacts["kind"], string>> = {
  plain: "plain: bind, connect and datagrams use the destination as it is",
  firecracker: "Firecracker: connect only, through a multiplexer that is asked for the guest's port",
  refusing: "refusing: nobody can be connected to, and binding is EACCES",
};

const HALF_CLOSES = {
  hold: "held back until the socket is closed",
  pass: "passed on",
} as const;
