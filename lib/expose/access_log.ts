/**
 * The log of `expose --http --log`: a line for each request in the common log format, followed by the name of the
 * server's loopback, the server's port and the duration in milliseconds. Text from clients is escaped. A slow disk or
 * reader never delays an answer: lines wait in memory, and if too many wait, new ones are dropped.
 */
import * as fs from "node:fs";
import type { Readable } from "node:stream";
import { codeOf, reason, UnsockError } from "../system/errors.ts";
import type { Target } from "./route.ts";

const STANDARD_ERROR = 2;
const MODE = 0o600;
const WAITING_MOST = 1 << 20;
const AGAIN_MS = 10;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** @returns The text with quotes, backslashes and all but printable ASCII escaped, as in the logs of web servers. */
export function escapeLog(text: string): string {
  const escape = (bytes: Uint8Array) => [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
  return text.replace(/[^\x20-\x7e]|["\\]/gu, (char) => escape(new TextEncoder().encode(char)));
}

const two = (number: number) => `${number}`.padStart(2, "0");

/**
 * @param east The local time's offset from UTC, in minutes.
 * @returns The local time, as `01/Dec/2026:15:04:05 +0100`.
 */
export function logTime(date: Date, east = -date.getTimezoneOffset()): string {
  const [sign, minutes] = [east < 0 ? "-" : "+", Math.abs(east)];
  const day = `${two(date.getDate())}/${MONTHS[date.getMonth()]}/${date.getFullYear()}`;
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${day}:${time} ${sign}${two(Math.floor(minutes / 60))}${two(minutes % 60)}`;
}

/** A request that is being answered. */
export class LogEntry {
  readonly #write: (line: string) => void;
  readonly #address: string;
  readonly #request: string;
  readonly #date = new Date();
  readonly #start = performance.now();
  #target: Target | undefined;
  #bytes = 0;
  #status: number | undefined;

  constructor(write: (line: string) => void, address: string, request: string) {
    this.#write = write;
    this.#address = address.replace(/^::ffff:(?=\d+\.)/, "");
    this.#request = request;
  }

  /** Notes the server that gets the request. */
  goesTo(target: Target): void {
    this.#target = target;
  }

  /** Notes the status of an answer. */
  answers(status: number): void {
    this.#status = status;
  }

  /** Counts the bytes of the answer's body. */
  count(body: Readable | number): void {
    if (typeof body === "number") this.#bytes += body;
    else body.on("data", (chunk: Uint8Array) => this.#bytes += chunk.length);
  }

  /**
   * Writes the line.
   *
   * @param status By default the status that `answers` noted. Without a status (none noted, or NaN), logs "-".
   */
  end(status = this.#status): void {
    const { loopback, port } = this.#target ?? {};
    const server = loopback === undefined ? "- -" : `${escapeLog(loopback.name).replaceAll(" ", "\\x20")} ${port}`;
    const ms = Math.round(performance.now() - this.#start);
    const date = logTime(this.#date);
    const request = escapeLog(this.#request);
    this.#write(`${this.#address} - - [${date}] "${request}" ${status || "-"} ${this.#bytes} ${server} ${ms}\n`);
  }
}

/** The log of a front. */
export class AccessLog {
  readonly #file: number;
  readonly #name: string;
  readonly #warn: (line: string) => void;
  #lines = "";
  #isWriting = false;
  #isFull = false;

  /**
   * @param file The log's path, or true for standard error.
   * @throws {UnsockError} If the file cannot be opened.
   */
  constructor(file: string | true, warn: (line: string) => void) {
    this.#warn = warn;
    this.#name = file === true ? "standard error" : file;
    try {
      this.#file = file === true ? STANDARD_ERROR : fs.openSync(file, "a", MODE);
    } catch (error) {
      throw new UnsockError(`--log: ${file}: ${reason(error)}`, { cause: error });
    }
  }

  /**
   * Begins the line of a request from this IP address.
   *
   * @param request The request's first line; for HTTP/2, a line in the form of HTTP/1's.
   */
  begin(address: string | undefined, request: string): LogEntry {
    return new LogEntry((line) => this.#add(line), address ?? "-", request);
  }

  #add(line: string): void {
    if (this.#lines.length + line.length > WAITING_MOST) {
      if (!this.#isFull) this.#warn(`expose: --log: ${this.#name} is too slow: lines are dropped`);
      this.#isFull = true;
      return;
    }
    this.#isFull = false;
    this.#lines += line;
    if (this.#isWriting) return;
    this.#isWriting = true;
    setImmediate(() => this.#flush(new Uint8Array()));
  }

  #flush(rest: Uint8Array): void {
    const bytes = rest.length > 0 ? rest : new TextEncoder().encode(this.#lines);
    if (rest.length === 0) this.#lines = "";
    fs.write(this.#file, bytes, (error, count) => {
      if (codeOf(error) === "EAGAIN") return void setTimeout(() => this.#flush(bytes), AGAIN_MS);
      if (error) this.#warn(`expose: --log: ${this.#name}: ${reason(error)}`);
      else if (count < bytes.length) return this.#flush(bytes.subarray(count));
      if (this.#lines !== "") return this.#flush(new Uint8Array());
      this.#isWriting = false;
    });
  }
}
