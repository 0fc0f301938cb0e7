/** Draws what was typed and printed in a terminal as a picture, which writes itself line by line. Pure. */

/** A command that was typed, and what came of it. */
export interface Step {
  readonly command: string;
  readonly output: readonly string[];
}

const COLUMN = 8.43;
const ROW = 20;
const MARGIN = 20;
const BAR = 34;
const TYPING_S = 0.9;
const PRINTING_S = 0.12;
const PROMPT = "$ ";

/** A terminal is dark in both themes; only its frame is told apart from the page. */
const STYLE = `
  text { font: 14px ui-monospace, "DejaVu Sans Mono", monospace; fill: #d1d7e0; white-space: pre }
  .prompt { fill: #3fb950 } .typed { fill: #f0f6fc; font-weight: 600 }
  .frame { fill: #0d1117; stroke: #d1d9e0 } .dot { fill: #3d444d }
  .line { opacity: 0; animation: appear 0.01s forwards }
  @keyframes appear { to { opacity: 1 } }
  @media (prefers-color-scheme: dark) { .frame { fill: #010409; stroke: #3d444d } }
  @media (prefers-reduced-motion: reduce) { .line { opacity: 1; animation: none } }`;

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** @returns The text as it stands in the picture. */
export function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);
}

/**
 * @param title What the picture is called, for those who do not see it.
 * @param steps In order.
 * @returns The SVG.
 */
export function drawTerminal(title: string, steps: readonly Step[]): string {
  const lines: string[] = [];
  let time = 0;
  let widest = 60;
  const add = (content: string, length: number) => {
    const y = BAR + MARGIN + lines.length * ROW;
    lines.push(
      `<text class="line" x="${MARGIN}" y="${y}" style="animation-delay:${time.toFixed(2)}s">${content}</text>`,
    );
    widest = Math.max(widest, length);
  };
  for (const { command, output } of steps) {
    time += TYPING_S;
    const typed = `<tspan class="prompt">${PROMPT}</tspan><tspan class="typed">${escape(command)}</tspan>`;
    add(typed, PROMPT.length + command.length);
    for (const line of output) {
      time += PRINTING_S;
      add(escape(line), line.length);
    }
  }
  const width = Math.ceil(2 * MARGIN + widest * COLUMN);
  const height = BAR + MARGIN + lines.length * ROW + MARGIN / 2;
  const dots = [0, 1, 2].map((i) => `<circle class="dot" cx="${MARGIN + i * 18}" cy="18" r="6"/>`).join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-labelledby="title">
<title id="title">${escape(title)}</title>
<style>${STYLE}
</style>
<rect class="frame" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${dots}
${lines.join("\n")}
</svg>
`;
}
