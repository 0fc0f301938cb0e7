/** `run --map PORT[/udp]=PATH`: a port's traffic goes to a Unix socket of another name, by a control file. */
import { controlFileToPath } from "../control/control_options.ts";
import type { ControlFile } from "../control/control_file.ts";
import { isControlFile, writeControlFile } from "../control/write_control.ts";
import { UsageError } from "../system/errors.ts";
import type { AddressRange } from "../system/ip.ts";
import type { Option } from "../system/options.ts";
import { parsePort, type Port, portFile } from "./ports.ts";

/** The option. */
export const MAP_OPTION = {
  value: "port[/udp]=path",
  repeated: true,
  help: "this port is the Unix socket PATH (%p: the port, %a: the first IPv4 address of --addr); may be repeated",
} as const satisfies Option;

/** One port, and where it leads. */
export interface PortMap {
  readonly port: Port;
  readonly control: ControlFile;
}

/**
 * @param text `8000=/run/app.sock`.
 * @param addresses What is covered.
 * @returns What it says.
 * @throws {UsageError} When it cannot be read.
 */
export function parseMap(text: string, addresses: readonly AddressRange[]): PortMap {
  const at = text.indexOf("=");
  if (at < 0) throw new UsageError(`--map: not PORT=PATH or PORT/udp=PATH: "${text}"`);
  const port = parsePort(text.slice(0, at), "--map");
  const address = addresses.find(({ bytes }) => bytes.length === 4)?.text ?? "";
  const values: Readonly<Record<string, string>> = { "%p": `${port.number}`, "%a": address, "%%": "%" };
  const file = text.slice(at + 1).replace(/%./g, (word) => {
    const value = values[word];
    if (value === undefined) throw new UsageError(`--map: neither %p, %a nor %%: "${word}" in "${text}"`);
    return value;
  });
  if (file === "") throw new UsageError(`--map: no path: "${text}"`);
  return { port, control: controlFileToPath(file, Deno.cwd(), "--map") };
}

/**
 * Makes the control file, unless the very same is there already.
 *
 * @param directory Where the socket files are.
 * @throws {UnsockError} When something else is there.
 */
export function placeMap(directory: string, { port, control }: PortMap): void {
  const file = portFile(directory, port);
  if (isControlFile(file, control)) return;
  try {
    writeControlFile(file, control);
  } catch (error) {
    // Another run may have made the same meanwhile.
    if (!isControlFile(file, control)) throw error;
  }
}
