/** The places of a Firecracker test: a client's directory, a guest's, and the multiplexer between them. */
import { firecrackerFile } from "./control.ts";
import { withDir } from "./dir.ts";
import { type Behaviour, guestIn, Multiplexer } from "./multiplexer.ts";

/** The port in the program's address. */
export const PORT = 2000;

/** The guest's vsock port to which PORT leads. */
export const GUEST_PORT = 5678;

export interface Place {
  /** UNSOCK_DIR of the client; PORT.sock in it is the control file. */
  dir: string;
  /** UNSOCK_DIR of the guest's servers. */
  guest: string;
  /** Where the multiplexer listens: Firecracker's uds_path. */
  path: string;
  multiplexer: Multiplexer;
}

/**
 * Runs `fn` beside a multiplexer.
 *
 * @param behaviour The multiplexer's behaviour. `faithful` and `slow` alone relay to the guest's servers, under unsock.
 * @param fn The test.
 */
export async function withMultiplexer(
  behaviour: Behaviour | "faithful" | "slow",
  fn: (place: Place) => Promise<void>,
): Promise<void> {
  await withDir(async (base) => {
    const [dir, guest, path] = [`${base}/host`, `${base}/guest`, `${base}/v.sock`];
    await Deno.mkdir(dir);
    await Deno.mkdir(guest);
    await Deno.writeFile(`${dir}/${PORT}.sock`, firecrackerFile(path, GUEST_PORT));
    const whole = typeof behaviour === "string" ? { kind: behaviour, guest: guestIn(guest) } as const : behaviour;
    await using multiplexer = new Multiplexer(path, whole);
    await fn({ dir, guest, path, multiplexer });
  });
}
