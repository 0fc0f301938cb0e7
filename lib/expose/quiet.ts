/** Asks the kernel whether a connection has something to read. The runtime itself looks later, in its event loop. */
import * as fs from "node:fs";
import type { Socket } from "node:net";
import { isReadable } from "../library/ffi.ts";
import { codeOf } from "../system/errors.ts";
import { IS_DENO } from "../system/runtime.ts";

const BYTE = new Uint8Array(1);

/** Returns the socket's descriptor, or -1 if the runtime hides it. */
function descriptorOf(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, "_handle");
  const fd: unknown = typeof handle === "object" && handle !== null ? Reflect.get(handle, "fd") : undefined;
  return typeof fd === "number" ? fd : -1;
}

/**
 * @returns True if all that has arrived was read: no byte waits, no end and no error. False also if the kernel
 *   cannot be asked. After false, the caller must close the connection: on Node.js, which has no poll(2), this function
 *   may have read a byte.
 */
export function isQuiet(socket: Socket): boolean {
  const descriptor = descriptorOf(socket);
  if (descriptor < 0 || socket.readableLength > 0) return false;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0; // a stack would take longer than the read
  try {
    return IS_DENO ? !isReadable(descriptor) : fs.readSync(descriptor, BYTE) < 0;
  } catch (error) {
    return codeOf(error) === "EAGAIN";
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
