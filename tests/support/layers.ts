/** The rules of the layers as pure functions: allowed uses, cycles, floors. Paths are relative to `c/`. */

/** The folders from high to low. Folders in one row may not use each other. */
export const LAYERS: readonly (readonly string[])[] = [
  ["program"],
  ["preload", "trap"],
  ["process"],
  ["calls"],
  ["replace"],
  ["options", "files"],
  ["kernel"],
  ["memory"],
  ["rules"],
  ["rt"],
];

/** One function or object uses another. */
export interface Use {
  readonly from: string;
  readonly to: string;
  readonly fromFile: string;
  readonly toFile: string;
}

/** A graph of files: the files that each uses. */
export type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** Returns the folder of a file; "" for a file directly in `c/`. */
export function folderOf(file: string): string {
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : "";
}

/**
 * @param from A folder.
 * @param to Another or the same.
 * @returns Whether files of the first may use those of the second. Files directly in `c/` may be used by all.
 * @throws {Error} when a folder is in no layer.
 */
export function mayUse(from: string, to: string): boolean {
  const floor = (folder: string) => {
    const found = LAYERS.findIndex((row) => row.includes(folder));
    if (found < 0) throw new Error(`c/${folder}/ is in no layer`);
    return found;
  };
  if (from === to || to === "") return true;
  return from !== "" && floor(from) < floor(to);
}

/** Returns a text for each use that the layers forbid, with both functions and both files. */
export function forbidden(uses: readonly Use[]): string[] {
  return uses
    .filter(({ fromFile, toFile }) => !mayUse(folderOf(fromFile), folderOf(toFile)))
    .map(({ from, to, fromFile, toFile }) => `${from} (c/${fromFile}) uses ${to} (c/${toFile})`);
}

/**
 * Returns includes that another header of the file already includes. A file's own header, its first, is allowed.
 *
 * @param texts All files by their path.
 */
export function superfluous(texts: ReadonlyMap<string, string>): string[] {
  const brought = new Map<string, Set<string>>();
  const bringsAlong = (header: string): Set<string> => {
    const known = brought.get(header);
    if (known !== undefined) return known;
    const all = new Set<string>();
    brought.set(header, all);
    for (const name of includesOf(texts.get(header) ?? "")) {
      all.add(name);
      bringsAlong(name).forEach((further) => all.add(further));
    }
    return all;
  };
  return [...texts].flatMap(([file, text]) => {
    const names = includesOf(text);
    return names
      .slice(file.endsWith(".c") ? 1 : 0)
      .filter((name) => names.some((other) => other !== name && bringsAlong(other).has(name)))
      .map((name) => `c/${file} includes ${name}`);
  });
}

/** Returns the files that each file uses, without the file itself. */
export function graphOf(uses: readonly { readonly fromFile: string; readonly toFile: string }[]): Graph {
  const graph = new Map<string, Set<string>>();
  for (const { fromFile, toFile } of uses) {
    const used = graph.get(fromFile) ?? new Set();
    graph.set(fromFile, used);
    if (fromFile !== toFile) used.add(toFile);
  }
  return graph;
}

/**
 * Finds cycles in the graph.
 *
 * @returns Cycles, each once, from the first of its files. Each file in a cycle is in at least one of them.
 */
export function circles(graph: Graph): string[][] {
  const found: string[][] = [];
  const seen = new Set<string>();
  for (const start of [...graph.keys()].sort()) {
    const circle = seen.has(start) ? undefined : wayBack(graph, start);
    if (circle === undefined) continue;
    circle.forEach((file) => seen.add(file));
    found.push(circle);
  }
  return found;
}

/** Returns the shortest way from a file to itself, without the end. */
function wayBack(graph: Graph, start: string): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [start];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    for (const next of graph.get(file) ?? []) {
      if (next === start) return wayTo(cameFrom, file, start);
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, file);
      queue.push(next);
    }
  }
  return undefined;
}

function wayTo(cameFrom: ReadonlyMap<string, string>, end: string, start: string): string[] {
  const way = [end];
  for (let at = end; at !== start;) {
    at = cameFrom.get(at) ?? start;
    way.unshift(at);
  }
  return way;
}

/**
 * Describes a cycle by its functions.
 *
 * @param circle A result of `circles`.
 * @param uses The uses of which the graph was made.
 */
export function describeCircle(circle: readonly string[], uses: readonly Use[]): string {
  return circle.map((file, index) => {
    const next = circle[(index + 1) % circle.length];
    const use = uses.find(({ fromFile, toFile }) => fromFile === file && toFile === next);
    return `${use?.from ?? "?"} (c/${file}) uses ${use?.to ?? "?"} (c/${next})`;
  }).join(", ");
}

/** Returns the names of the files that a C file includes from the source tree. */
export function includesOf(source: string): string[] {
  return Array.from(source.matchAll(/^\s*#\s*include\s+"(?!\.\.\/build\/)([^"]+)"/gm), ([, name = ""]) => name);
}

/** Returns the length of the longest chain of files in which each includes the next. The graph must have no cycles. */
export function floors(graph: Graph): number {
  const heights = new Map<string, number>();
  const height = (file: string): number => {
    const known = heights.get(file);
    if (known !== undefined) return known;
    heights.set(file, 0);
    const found = 1 + Math.max(0, ...[...graph.get(file) ?? []].map(height));
    heights.set(file, found);
    return found;
  };
  return Math.max(0, ...[...graph.keys()].map(height));
}
