/** Formats packets as text, with control characters escaped. Does no I/O. */
import { formatEndpoint } from "../sockets/client_names.ts";
import { printable } from "../system/text.ts";
import type { Packet } from "./traffic.ts";

/** How many bytes of one message are shown. */
const TEXT_MOST = 4096;
const HEX_MOST = 512;
const HEX_LINE = 16;

/** Returns the bytes as text if they are UTF-8 without unusual control characters; else undefined. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    // The text may be cut within a character. `stream` leaves out the incomplete character.
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    // deno-lint-ignore no-control-regex
    return /[\x00-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? undefined : text;
  } catch {
    return undefined; // not UTF-8
  }
}

function hexLines(bytes: Uint8Array): string[] {
  return Array.from({ length: Math.ceil(bytes.length / HEX_LINE) }, (_, line) => {
    const part = bytes.subarray(HEX_LINE * line, HEX_LINE * (line + 1));
    const hex = Array.from(part, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = Array.from(part, (byte) => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".").join("");
    return `${hex.padEnd(3 * HEX_LINE)} ${text}`;
  });
}

/** Returns the lines of a message, and how many of its bytes they show. */
function linesOf(data: Uint8Array): { lines: string[]; shown: number } {
  const part = data.subarray(0, TEXT_MOST);
  const text = textOf(part);
  if (text === undefined) {
    return { lines: hexLines(part.subarray(0, HEX_MOST)), shown: Math.min(part.length, HEX_MOST) };
  }
  return { lines: text.replace(/\r?\n$/, "").split(/\r?\n/).map(printable), shown: part.length };
}

function timeOf(time: number): string {
  const date = new Date(Math.floor(time / 1000));
  const two = (number: number) => `${number}`.padStart(2, "0");
  const micros = `${time % 1_000_000}`.padStart(6, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${micros}`;
}

/** @returns One line about the packet, followed by its bytes, indented. */
export function showPacket({ time, what, from, to, data, size }: Packet): string {
  const head = `${timeOf(time)} ${formatEndpoint(from)} > ${formatEndpoint(to)}`;
  if (what === "open") return `${head} connects\n`;
  if (what === "end") return `${head} ends\n`;
  const { lines, shown } = linesOf(data);
  const rest = size > shown ? [`(${size - shown} bytes more)`] : [];
  const body = size === 0 ? [] : [...data.length > 0 ? lines : [], ...rest].map((line) => `  ${line}\n`);
  return `${head} ${size} bytes\n${body.join("")}`;
}
