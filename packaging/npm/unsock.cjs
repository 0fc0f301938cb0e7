/**
 * A loopback of its own for a test: a directory in which only the test's programs find each other at 127.0.0.1.
 * The library does the work (`libunsock.so hold` and `run`); this module adds processes, promises and errors.
 */
"use strict";

const { spawn } = require("node:child_process");
const http = require("node:http");
const { createRequire } = require("node:module");
const net = require("node:net");
const { dirname, join } = require("node:path");
const process = require("node:process");
const { Readable } = require("node:stream");
// Not the global ones, which test runners replace by fake timers.
const { clearTimeout, setTimeout } = require("node:timers");

/** An error, by `code`; the message says what to do. */
class UnsockError extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.name = "UnsockError";
    this.code = code;
  }
}

/** A command of `exec` that failed. */
class CommandError extends UnsockError {
  constructor(words, { code, signal, stdout, stderr }) {
    const how = signal === null ? `exit status ${code}` : signal;
    super("UNSOCK_COMMAND", `${words.join(" ")}: ${how}${stderr === "" ? "" : `: ${stderr.trimEnd()}`}`);
    this.name = "CommandError";
    Object.assign(this, { exitCode: code, signal, stdout, stderr });
  }
}

const WAIT_MS = 30_000;
const END_MS = 2_000;

const PACKAGE = `unsock-linux-${process.arch}`;

/** @returns {string | undefined} The library: `UNSOCK_LIB`, or that of this machine's package; undefined if there is none. */
function findLibrary() {
  if (process.platform !== "linux") return undefined;
  if (process.env.UNSOCK_LIB) return process.env.UNSOCK_LIB;
  try {
    return join(dirname(createRequire(__filename).resolve(`${PACKAGE}/package.json`)), "lib", "libunsock.so");
  } catch {
    return undefined;
  }
}

const LIBRARY = findLibrary();

function ownLibrary() {
  if (LIBRARY !== undefined) return LIBRARY;
  const why = process.platform === "linux"
    ? `package ${PACKAGE}: not installed: npm install ${PACKAGE}`
    : `unsock needs Linux: this is ${process.platform}: skip the test where isSupported is false`;
  throw new UnsockError("UNSOCK_LIBRARY", why);
}

/** The options that both `hold` and `run` take. */
function settingWords({ addr, port, engine, strict, blockInet, log }) {
  const values = Object.entries({ addr, port, engine, log }).filter(([, value]) => value !== undefined);
  return [
    ...values.map(([name, value]) => `--${name}=${value}`),
    ...(strict ? ["--strict"] : []),
    ...(blockInet ? ["--block-inet"] : []),
  ];
}

/** @returns {{ words: string, file: string, isUdp: boolean }} The port as the library reads it, and the name of its file. */
function readPort(port) {
  const [, digits, protocol = "tcp"] = /^(\d+)(?:\/(tcp|udp))?$/.exec(`${port}`) ?? [];
  const number = Number(digits);
  if (!(number >= 1 && number <= 65_535)) {
    throw new UnsockError("UNSOCK_PORT", `port ${port}: not a number from 1 to 65535, alone or with /udp`);
  }
  const isUdp = protocol === "udp";
  return { words: `${number}/${protocol}`, file: `${number}${isUdp ? ".dgram" : ""}.sock`, isUdp };
}

function delay(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", aborted, { once: true });
    function done() {
      signal?.removeEventListener("abort", aborted);
      resolve();
    }
    function aborted() {
      clearTimeout(timer);
      reject(signal.reason);
    }
  });
}

/** @returns A request of `hold`: its length in bytes, and the text. */
const framed = (text) => `${Buffer.byteLength(text)}\n${text}`;

const WITHOUT_BODY = [204, 205, 304];

/** @returns {Response} The answer of `node:http`, as `fetch` has it. */
function responseOf(answer, method) {
  const { statusCode: status, statusMessage: statusText, rawHeaders } = answer;
  const headers = new Headers();
  for (let at = 0; at < rawHeaders.length; at += 2) headers.append(rawHeaders[at], rawHeaders[at + 1]);
  const isEmpty = method === "HEAD" || WITHOUT_BODY.includes(status);
  if (isEmpty) answer.resume();
  return new Response(isEmpty ? null : Readable.toWeb(answer), { status, statusText, headers });
}

/** The process that keeps the directory. It removes the directory when its standard input ends, even if this process is killed. */
class Keeper {
  #child;
  #output = Buffer.alloc(0);
  #errors = "";
  #waiting;
  #ended;
  #last = Promise.resolve();

  constructor(library, words) {
    this.#child = spawn(library, ["hold", ...words], { stdio: "pipe" });
    this.#child.stdout.on("data", (bytes) => {
      this.#output = Buffer.concat([this.#output, bytes]);
      this.#waiting?.();
    });
    this.#child.stderr.setEncoding("utf8").on("data", (text) => this.#errors += text);
    this.#child.stdin.on("error", () => {}); // the child has ended, which `close` below reports
    this.#ended = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(error.message));
      this.#child.once("close", (code, signal) => resolve(this.#errors.trim() || `ended with ${signal ?? code}`));
    });
  }

  /** Refs or unrefs the child: a pending answer keeps this process running, an idle loopback does not. */
  #hold(how) {
    for (const part of [this.#child, this.#child.stdin, this.#child.stdout, this.#child.stderr]) part[how]?.();
  }

  /** Reads texts until `isWhole` returns their length in bytes; it returns 0 while the texts are incomplete. */
  async #read(isWhole) {
    let ended;
    this.#ended.then((why) => {
      ended = why;
      this.#waiting?.();
    });
    for (;;) {
      const end = isWhole(this.#output);
      if (end > 0) {
        const text = this.#output.subarray(0, end).toString();
        this.#output = this.#output.subarray(end);
        return text.split("\0").slice(0, -1);
      }
      if (ended !== undefined) throw new UnsockError("UNSOCK_KEEPER", ended.replace(/^unsock: /, ""));
      await new Promise((resolve) => this.#waiting = resolve);
    }
  }

  /** @returns {Promise<Record<string, string>>} */
  async environment() {
    const texts = await this.#read((bytes) => bytes.includes("\0\0") ? bytes.indexOf("\0\0") + 2 : 0);
    this.#hold("unref");
    return Object.fromEntries(
      texts.filter((text) => text !== "").map((text) => {
        const at = text.indexOf("=");
        return [text.slice(0, at), text.slice(at + 1)];
      }),
    );
  }

  /** Sends a request after the answers to all earlier requests. */
  request(text) {
    const answer = this.#last.then(async () => {
      this.#hold("ref");
      this.#child.stdin.write(framed(text));
      const [problem] = await this.#read((bytes) => bytes.indexOf(0) + 1).finally(() => this.#hold("unref"));
      if (problem !== "") throw new UnsockError("UNSOCK_MAP", problem);
    });
    this.#last = answer.catch(() => {});
    return answer;
  }

  /** Waits until the directory is gone; throws if processes could not be ended. */
  async end(isUsed) {
    this.#hold("ref");
    this.#child.stdin.end(isUsed ? "" : framed("unused"));
    await this.#ended;
    const last = this.#output.toString().split("\0").at(-2) ?? "";
    if (last !== "") throw new UnsockError("UNSOCK_LEFT", last);
  }
}

/** The result of {@linkcode loopback}. */
class Loopback {
  #keeper;
  #library;
  #words;
  #children = new Set();
  #closing;
  /** The Unix sockets of mapped ports. */
  #maps = new Map();

  #env;
  #isUsed = false;

  constructor(library, keeper, words, env, maps) {
    for (const [port, path] of maps) this.#maps.set(readPort(port).file, path);
    this.#library = library;
    this.#keeper = keeper;
    this.#words = words;
    this.#env = env;
  }

  /** The variables for a program that is started in another way: `{ ...process.env, ...lo.env }`. */
  get env() {
    this.#isUsed = true; // the caller may start a program with them
    return this.#env;
  }

  /** The directory of the socket files. */
  get directory() {
    return this.env.UNSOCK_DIR;
  }

  /** Starts a command in the loopback, as `child_process.spawn` does. Its process is the command's own. */
  spawn(command, args = [], options = {}) {
    this.#checkOpen();
    if (options.shell) throw new UnsockError("UNSOCK_SHELL", 'spawn: no shell: write spawn("sh", ["-c", TEXT])');
    return this.#start(["run", ...this.#words, "--dir", this.directory, "--", command, ...args], options);
  }

  /** Starts the library as a program, which ends with the loopback at the latest. */
  #start(words, options) {
    const child = spawn(this.#library, words, options);
    const ended = new Promise((resolve) => {
      child.once("exit", resolve);
      child.once("error", resolve);
    });
    const one = { child, ended };
    this.#children.add(one);
    ended.then(() => this.#children.delete(one));
    return child;
  }

  /** Forwards a port of the real network to the server at a port here (`3000`, `"53/udp"`), for a browser; 0: any free port. */
  async expose(port, { port: real = 0, address } = {}) {
    this.#checkOpen();
    const words = ["expose", "--dir", this.directory, ...(address === undefined ? [] : ["--address", address])];
    // By this variable the keeper finds the child if this process is killed.
    const env = { ...process.env, UNSOCK_DIR: this.directory };
    const child = this.#start([...words, `${readPort(port).words}=${real}`], { stdio: "pipe", env });
    let output = "";
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text) => errors += text);
    return await new Promise((resolve, reject) => {
      child.stdout.setEncoding("utf8").on("data", (text) => {
        output += text;
        const line = /:(\d+)(?:\/udp)? leads to .*\n/.exec(output);
        if (line === null) return;
        for (const part of [child, child.stdin, child.stdout, child.stderr]) part.unref?.();
        resolve(Number(line[1]));
      });
      child.once("error", (error) => reject(new UnsockError("UNSOCK_EXPOSE", error.message, { cause: error })));
      child.once("close", () => reject(new UnsockError("UNSOCK_EXPOSE", errors.trim().replace(/^unsock: /, ""))));
    });
  }

  /** Runs a command in the loopback to its end. */
  async exec(command, args = [], { input, timeoutMs, signal, ...options } = {}) {
    const stop = [signal, timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)].filter(Boolean);
    const child = this.spawn(command, args, { ...options, stdio: "pipe", signal: AbortSignal.any(stop) });
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) child[name].setEncoding("utf8").on("data", (text) => texts[name] += text);
    child.stdin.on("error", () => {}); // the command need not read its input
    child.stdin.end(input);
    const [code, end] = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (...how) => resolve(how));
    });
    const result = { code, signal: end, ...texts };
    if (code !== 0) throw new CommandError([command, ...args], result);
    return result;
  }

  /** Waits until a client would be answered at the port. */
  async wait(port, { timeoutMs = WAIT_MS, signal } = {}) {
    this.#checkOpen();
    signal?.throwIfAborted();
    readPort(port);
    const words = ["wait", "--dir", this.directory, `${port}`, `--timeout=${(timeoutMs / 1000).toFixed(3)}`];
    // By this variable the keeper finds the child if this process is killed.
    const env = { ...process.env, UNSOCK_DIR: this.directory };
    const child = this.#start(words, { stdio: ["ignore", "ignore", "pipe"], env, signal });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text) => errors += text);
    const code = await new Promise((resolve, reject) => {
      child.once("error", (error) => reject(signal?.aborted ? signal.reason : error));
      child.once("close", resolve);
    });
    if (code === 0) return;
    this.#checkOpen();
    if (!errors.includes(" nobody listens")) {
      throw new UnsockError("UNSOCK_WAIT", errors.trim().replace(/^unsock: /, ""));
    }
    const message = `port ${port}: after ${timeoutMs} ms nobody listens in ${this.directory}`;
    throw new UnsockError("UNSOCK_TIMEOUT", `${message}: is the server started by spawn, or with env?`);
  }

  /** Maps a port (`5432`, `"53/udp"`) to a Unix socket at another path. */
  async map(port, path) {
    this.#checkOpen();
    const { file } = readPort(port);
    await this.#keeper.request(`map ${port}=${path.replaceAll("%", "%%")}`);
    this.#maps.set(file, path);
  }

  /** @returns The Unix socket of a TCP port's server: an abstract name begins with a NUL. */
  #socketOf(port) {
    this.#checkOpen();
    const { file, isUdp } = readPort(port);
    if (isUdp) throw new UnsockError("UNSOCK_PORT", `port ${port}: only a TCP port has connections`);
    return this.#maps.get(file)?.replace(/^@/, "\0") ?? this.path(port);
  }

  /** Connects this process to the server at a TCP port. */
  connect(port) {
    return net.connect({ path: this.#socketOf(port) });
  }

  /** Asks the HTTP server at a port, as `fetch` does, but follows no redirect. */
  async fetch(port, path = "/", init = {}) {
    const socketPath = this.#socketOf(port);
    const host = `127.0.0.1:${parseInt(port)}`;
    const request = new Request(new URL(path, `http://${host}`), init);
    const { pathname, search } = new URL(request.url);
    const { method, signal } = request;
    const headers = { host, ...Object.fromEntries(request.headers) };
    const body = request.body === null ? undefined : Buffer.from(await request.arrayBuffer());
    const answer = await new Promise((resolve, reject) => {
      const options = { socketPath, method, path: pathname + search, headers, agent: false, signal };
      http.request(options, resolve).once("error", reject).end(body);
    }).catch((error) => {
      signal.throwIfAborted();
      if (!["ENOENT", "ECONNREFUSED"].includes(error.code)) throw error;
      const why = `port ${port}: nobody listens in ${this.directory}: await lo.wait(${port}) first`;
      throw new UnsockError("UNSOCK_REFUSED", why, { cause: error });
    });
    return responseOf(answer, method);
  }

  /** The file at which plain Unix programs reach a port. */
  path(port) {
    return join(this.directory, readPort(port).file);
  }

  #checkOpen() {
    if (this.#closing !== undefined) throw new UnsockError("UNSOCK_CLOSED", "the loopback is closed");
  }

  /** Ends all processes of the loopback (SIGTERM, then SIGKILL) and removes the directory; the error names those that did not end. */
  close() {
    return this.#closing ??= this.#end();
  }

  async #end() {
    const running = [...this.#children];
    for (const { child } of running) child.kill("SIGTERM");
    if (running.length > 0) {
      const patience = new AbortController();
      const ended = Promise.all(running.map(({ ended }) => ended));
      await Promise.race([ended, delay(END_MS, patience.signal)]);
      patience.abort();
    }
    await this.#keeper.end(this.#isUsed);
  }

  [Symbol.asyncDispose]() {
    return this.close();
  }
}

/** Makes a loopback. */
async function loopback(options = {}) {
  const library = options.lib ?? ownLibrary();
  const words = settingWords(options);
  const own = [
    ...(options.dir === undefined ? [] : ["--dir", options.dir]),
    ...(options.name === undefined ? [] : ["--name", options.name]),
  ];
  const maps = Object.entries(options.map ?? {});
  const mapWords = maps.map(([port, path]) => `--map=${port}=${path.replaceAll("%", "%%")}`);
  const keeper = new Keeper(library, [...words, ...own, ...mapWords]);
  const env = await keeper.environment();
  return new Loopback(library, keeper, words, env, maps);
}

module.exports = { CommandError, isSupported: LIBRARY !== undefined, Loopback, loopback, UnsockError };
