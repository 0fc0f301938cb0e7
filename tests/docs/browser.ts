/** A headless Chromium, steered by its debugging protocol. */
import { assert } from "@std/assert";
import { Proc, start } from "../support/process.ts";
import { until } from "../support/wait.ts";

const FLAGS = [
  "--headless=new",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--no-first-run",
  "--no-proxy-server",
  "--remote-debugging-port=0",
];

interface Answer {
  id?: number;
  result?: unknown;
  error?: { message: string };
}

/** One page in a browser of its own. Hold it with `await using`. */
export class Browser implements AsyncDisposable {
  readonly #process: Proc;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #next = 1;

  private constructor(process: Proc, socket: WebSocket) {
    this.#process = process;
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const answer: Answer = JSON.parse(data);
      if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer);
    };
  }

  /**
   * Starts a browser with an empty page.
   *
   * @param dir Where it keeps its profile.
   */
  static async open(dir: string): Promise<Browser> {
    const command = ["chromium", ...FLAGS, `--user-data-dir=${dir}/profile`, "about:blank"];
    const process = start(command, { env: { TMPDIR: dir } });
    try {
      const listening = /DevTools listening on ws:\/\/([^/\s]+)/;
      const host = await until("chromium is ready", () => listening.exec(process.output())?.[1], 30_000);
      const page = await until("chromium has a page", () => findPage(host));
      const socket = new WebSocket(page);
      await new Promise((resolve, reject) => {
        socket.onopen = resolve;
        socket.onerror = () => reject(new Error(`cannot connect to ${page}`));
      });
      return new Browser(process, socket);
    } catch (error) {
      await process[Symbol.asyncDispose]();
      throw new Error(`chromium does not start:\n${process.output()}`, { cause: error });
    }
  }

  async #call(method: string, params: Record<string, unknown>): Promise<unknown> {
    const id = this.#next++;
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
    this.#waiting.delete(id);
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result;
  }

  /** Goes to an address; it need not be loaded when this returns. */
  async visit(url: string): Promise<void> {
    await this.#call("Page.navigate", { url });
  }

  /** @returns The value of a JavaScript expression, as text. */
  async evaluate(expression: string): Promise<string> {
    const answer = await this.#call("Runtime.evaluate", { expression: `String(${expression})`, returnByValue: true });
    assert(typeof answer === "object" && answer !== null && "result" in answer);
    const { result } = answer;
    assert(typeof result === "object" && result !== null && "value" in result);
    return String(result.value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.onclose = resolve);
    this.#socket.close();
    await closed;
    await this.#process[Symbol.asyncDispose]();
  }
}

/** The browser lists its pages by HTTP. */
async function findPage(host: string): Promise<string | undefined> {
  const pages: { type: string; webSocketDebuggerUrl: string }[] = await (await fetch(`http://${host}/json/list`))
    .json();
  return pages.find(({ type }) => type === "page")?.webSocketDebuggerUrl;
}
