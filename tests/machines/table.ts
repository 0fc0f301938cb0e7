/** Reads, compares and writes the table of stories in docs/between-machines.md. */
import { RESET, WHOSE } from "./whose.ts";

/** How two machines are connected. TCP over their Ethernet is the oracle. */
const CHANNELS = ["tcp", "tipc", "host", "guest"] as const;
export type Channel = typeof CHANNELS[number];

const TITLES: Record<Exclude<Channel, "tcp">, string> = {
  tipc: "TIPC",
  host: "host to guest",
  guest: "guest to host",
};

/** The facts of each story, by channel. */
export type Told = Record<Channel, Map<string, string>>;

const BEGIN = "<!-- stories: written by deno task test:machines -->";
const END = "<!-- end of stories -->";

/**
 * Reads stories that were told.
 *
 * @param lines "NAME: FACTS", each.
 * @returns The facts by name, in order.
 */
export function readStories(lines: string[]): Map<string, string> {
  const stories = new Map<string, string>();
  for (const line of lines) {
    const [, name, facts] = /^([^:]+): (.*)$/.exec(line) ?? [];
    if (name !== undefined && facts !== undefined) stories.set(name, facts);
  }
  return stories;
}

/** Vsock has no datagrams. */
function hasStory(told: Told, channel: Channel, name: string): boolean {
  return told[channel].has(name);
}

/**
 * Writes the table and what differs below it.
 *
 * @param told The facts.
 * @returns Lines of Markdown.
 * @throws {Error} for a difference that nothing explains.
 */
export function storyTable(told: Told): string {
  const others = CHANNELS.filter((channel) => channel !== "tcp");
  const rows = [...told.tcp.keys()].map((name) => {
    const marks = others.map((channel) =>
      !hasStory(told, channel, name) ? "–" : told[channel].get(name) === told.tcp.get(name) ? "as TCP" : "differs"
    );
    return `| ${name} | ${marks.join(" | ")} |`;
  });
  const head = [`| story | ${others.map((channel) => TITLES[channel]).join(" | ")} |`, "| --- | --- | --- | --- |"];
  return [...head, ...rows, "", ...others.map((channel) => count(told, channel)), "", ...differences(told)].join("\n");
}

function count(told: Told, channel: Exclude<Channel, "tcp">): string {
  const names = [...told[channel].keys()];
  const alike = names.filter((name) => told[channel].get(name) === told.tcp.get(name));
  return `- ${TITLES[channel]}: ${alike.length} of ${names.length} as over TCP.`;
}

function* differences(told: Told): Generator<string> {
  yield "| story | over TCP | transport | result there | cause |";
  yield "| --- | --- | --- | --- | --- |";
  for (const [name, oracle] of told.tcp) {
    const found = new Map<string, Exclude<Channel, "tcp">[]>();
    for (const channel of CHANNELS) {
      const facts = told[channel].get(name);
      if (channel !== "tcp" && facts !== undefined && facts !== oracle) {
        found.set(facts, [...found.get(facts) ?? [], channel]);
      }
    }
    for (const [facts, channels] of found) {
      const where = channels.map((channel) => TITLES[channel]).join(", ");
      yield `| ${name} | ${cell(oracle)} | ${where} | ${cell(facts)} | ${whoseAre(name, channels)} |`;
    }
  }
}

/** Poll's events are joined by what ends a cell. */
function cell(facts: string): string {
  return facts.replaceAll("|", "+");
}

/** Once, where all have one reason. */
function whoseAre(name: string, channels: Exclude<Channel, "tcp">[]): string {
  const reasons = new Map<string, string[]>();
  for (const channel of channels) {
    const reason = whoseIs(name, channel);
    reasons.set(reason, [...reasons.get(reason) ?? [], TITLES[channel]]);
  }
  if (reasons.size === 1) return [...reasons.keys()].join("");
  return [...reasons].map(([reason, where]) => `${where.join(", ")}: ${reason}`).join(" ");
}

function whoseIs(name: string, channel: Exclude<Channel, "tcp">): string {
  const entry = WHOSE[name]?.[channel] ?? (channel === "tipc" ? RESET : undefined);
  if (entry === undefined) {
    throw new Error(`${name}, ${TITLES[channel]}: differs from TCP, and tests/machines/whose.ts has no cause`);
  }
  return entry;
}

/**
 * Puts the table in its place.
 *
 * @param page The page's text.
 * @param table From storyTable.
 * @returns The new text.
 */
export function withTable(page: string, table: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error("the page has no place for the table");
  return `${page.slice(0, begin + BEGIN.length)}\n\n${table}\n\n${page.slice(end)}`;
}
