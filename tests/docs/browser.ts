/** A headless Chromium, controlled by its debugging protocol. */
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
  readonly #process: Proc | undefined;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #next = 1;

  private constructor(process: Proc | undefined, socket: WebSocket) {
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
   * @param more Flags of Chromium.
   */
  static async open(dir: string, more: readonly string[] = []): Promise<Browser> {
    const command = ["chromium", ...FLAGS, ...more, `--user-data-dir=${dir}/profile`, "about:blank"];
    const process = start(command, { env: { TMPDIR: dir } });
    try {
      const listening = /DevTools listening on ws:\/\/([^/\s]+)/;
      const host = await until("chromium is ready", () => listening.exec(process.output())?.[1], 30_000);
      const page = await until("chromium has a page", () => findPage(host));
      return new Browser(process, await connectTo(page));
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

  /** Another page of the same browser, which ends with that. */
  async openTab(): Promise<Browser> {
    const { host } = new URL(this.#socket.url);
    await fetch(`http://${host}/json/new?about:blank`, { method: "PUT" });
    const page = await findPage(host, [this.#socket.url]);
    assert(page !== undefined);
    return new Browser(undefined, await connectTo(page));
  }

  /** @returns The page as it is seen, `width` by `height` pixels: a PNG file. */
  async capture(width: number, height: number): Promise<Uint8Array<ArrayBuffer>> {
    const size = { width, height, deviceScaleFactor: 1, mobile: false };
    await this.#call("Emulation.setDeviceMetricsOverride", size);
    const answer = await this.#call("Page.captureScreenshot", { format: "png" });
    assert(typeof answer === "object" && answer !== null && "data" in answer);
    return Uint8Array.from(atob(String(answer.data)), (c) => c.charCodeAt(0));
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

  /** @returns The URLs of the frames in the page, with `chrome-error:` in the place of a page that may not be there. */
  async frameUrls(): Promise<string[]> {
    const tree = await this.#call("Page.getFrameTree", {});
    const frames: string[] = [];
    JSON.stringify(tree, (key, value) => {
      if (key === "childFrames") frames.push(...value.map(({ frame }: { frame: { url: string } }) => frame.url));
      return value;
    });
    return frames;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.onclose = resolve);
    this.#socket.close();
    await closed;
    await this.#process?.[Symbol.asyncDispose]();
  }
}

async function connectTo(page: string): Promise<WebSocket> {
  const socket = new WebSocket(page);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error(`cannot connect to ${page}`));
  });
  return socket;
}

/** The browser lists its pages by HTTP. */
async function findPage(host: string, known: string[] = []): Promise<string | undefined> {
  const pages: { type: string; webSocketDebuggerUrl: string }[] = await (await fetch(`http://${host}/json/list`))
    .json();
  const isNew = (page: (typeof pages)[number]) => page.type === "page" && !known.includes(page.webSocketDebuggerUrl);
  return pages.find(isNew)?.webSocketDebuggerUrl;
}
