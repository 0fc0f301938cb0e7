/**
 * Ends sessions of HTTP/2 between two reads. Deno 2.9.6 frees a session as soon as it reads the peer's GOAWAY, although
 * the session is still reading further bytes. With an ordinary curl, one in a few hundred connections makes the whole
 * process abort, or read freed memory.
 */
import type { Http2Session } from "node:http2";
import { IS_DENO } from "../system/runtime.ts";

/** Makes `close` and `destroy` of a session take effect in the next turn of the event loop. */
export function endBetweenReads(session: Http2Session): void {
  if (!IS_DENO) return;
  const close = session.close.bind(session), destroy = session.destroy.bind(session);
  session.close = (...words) => void setImmediate(() => close(...words));
  session.destroy = (...words) => void setImmediate(() => destroy(...words));
}
