/** `unsock tap`: shows what passes through a port. */
import process from "node:process";
import { isatty } from "node:tty";
import { ownLibrary } from "../library/own.ts";
import { formatPort, portQuestion } from "../run/ports.ts";
import { DIRECTORY_QUESTION } from "../run/run_settings.ts";
import type { Context } from "../system/context.ts";
import { UnsockError, UsageError } from "../system/errors.ts";
import { Output } from "../tap/output.ts";
import { PcapWriter } from "../tap/pcapng.ts";
import { Servers } from "../tap/servers.ts";
import { showPacket } from "../tap/show.ts";
import { Tap } from "../tap/tap.ts";
import type { Packet } from "../tap/traffic.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** How long the end of the tap waits for a slow reader of its output. */
const END_MS = 5_000;

interface TapOptions {
  readonly dir?: string;
  readonly here?: true;
  readonly pcap?: string;
}

/**
 * Shows a port's traffic until the user interrupts it.
 *
 * @param word The port as the user wrote it.
 * @returns The exit status.
 * @throws {UnsockError} When the port has no server, or this user may not trace the server.
 */
export async function tap({ dir, here, pcap }: TapOptions, word: string, context: Context): Promise<number> {
  if (pcap === "-" && isatty(1)) throw new UsageError("tap: --pcap -: a terminal cannot show it: | wireshark -k -i -");
  const library = ownLibrary(context);
  const [chosen, asked] = library.askAll([DIRECTORY_QUESTION, portQuestion(word)] as const, { dir, here });
  const [{ path: directory }, port] = [chosen(), asked()];
  const servers = new Servers(port, directory, library);
  const holders = servers.find();
  const shown = formatPort(port);
  if (holders === undefined) {
    throw new UnsockError(`tap: no server has port ${shown} in ${directory}: unsock ls --all ${port.number}`);
  }
  if (holders.length === 0) {
    throw new UnsockError(
      `tap: port ${shown}: the server is another user's process: sudo unsock tap --dir ${directory}`,
    );
  }
  const output = new Output(pcap === "-" ? undefined : pcap);
  const writer = new PcapWriter();
  let count = 0;
  const see = (packet: Packet) => {
    if (packet.what === "data") count++;
    output.write(pcap === undefined ? showPacket(packet) : writer.packet(packet));
  };
  if (pcap !== undefined) output.write(writer.start());
  const tapping = new Tap(servers, see, context.warn);
  const stop = () => tapping.stop();
  output.onEnd = stop;
  for (const signal of SIGNALS) process.on(signal, stop);
  await tapping.run(holders);
  await output.end(END_MS);
  const lost = output.dropped === 0 ? "" : `; ${output.dropped} were not written, as nobody read them in time`;
  context.warn(`tap: ${count} messages${lost}`);
  return 0;
}
