/** Reads the pages of `dev_server.ts` in tabs of a browser, and draws two tabs as one picture. */
import { Buffer } from "node:buffer";
import type { Browser } from "../docs/browser.ts";
import { until } from "../support/wait.ts";

const TAB = { width: 420, height: 180 };
const BAR = 34;
const WIDTH = 2 * TAB.width + 3 * 16;
const HEIGHT = TAB.height + BAR + 2 * 16;

/** @returns What the page shows, once its WebSocket has answered. */
export async function readPage(tab: Browser): Promise<{ cookie: string; socket: string }> {
  const text = (id: string) => tab.evaluate(`document.getElementById("${id}")?.textContent ?? ""`);
  const socket = await until("the socket has answered", () => text("socket"));
  return { cookie: await text("cookie"), socket };
}

/** Both tabs beside each other, each below its address. */
export async function drawTabs(canvas: Browser, tabs: readonly Browser[]): Promise<Uint8Array<ArrayBuffer>> {
  const figures = await Promise.all(tabs.map(async (tab) => {
    const image = Buffer.from(await tab.capture(TAB.width, TAB.height)).toString("base64");
    return `<figure><figcaption>${await tab.evaluate(
      "location.href",
    )}</figcaption><img src="data:image/png;base64,${image}"></figure>`;
  }));
  const style = `body{margin:16px;display:flex;gap:16px;background:#ccd}figure{margin:0;width:${TAB.width}px}
figcaption{font:15px/${BAR}px sans-serif;background:#eef;padding:0 12px;border-radius:8px 8px 0 0}img{display:block}`;
  const page = `<!DOCTYPE html><meta charset="utf-8"><style>${style}</style>${figures.join("")}`;
  await canvas.visit(`data:text/html;base64,${Buffer.from(page).toString("base64")}`);
  await until("it is drawn", async () => await canvas.evaluate("document.images.length") === "2");
  return await canvas.capture(WIDTH, HEIGHT);
}
