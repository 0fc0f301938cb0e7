/**
 * Draws the input and output of a terminal as a picture. The picture shows its last state first, for pages without
 * animation. Then it types itself line by line, again and again. Does no I/O.
 */

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
/** How long the last state stays in view before the picture begins anew. */
const SHOWN_S = 6;
const PROMPT = "$ ";

/** The style. The text looks the same in a light and a dark theme; only the frame's colours differ. */
const STYLE = `
  text { font: 14px ui-monospace, "DejaVu Sans Mono", monospace; fill: #d1d7e0; white-space: pre }
  .prompt { fill: #3fb950 } .typed { fill: #f0f6fc; font-weight: 600 }
  .frame { fill: #0d1117; stroke: #d1d9e0 } .dot { fill: #3d444d }
  @media (prefers-color-scheme: dark) { .frame { fill: #010409; stroke: #3d444d } }
  @media (prefers-reduced-motion: reduce) { text { animation: none !important } }`;

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);
}

/** @returns The CSS rules that show each line at first, hide all lines, and show each again at its time. */
function animate(times: readonly number[], last: number): string {
  const whole = SHOWN_S + last;
  const percent = (time: number) => `${(time / whole * 100).toFixed(2)}%`;
  return times.map((time, i) => {
    const frames = `0% { opacity: 1 } ${percent(SHOWN_S)} { opacity: 0 } ${percent(SHOWN_S + time)}, to { opacity: 1 }`;
    return `  .l${i} { animation: l${i} ${whole.toFixed(2)}s step-end infinite } @keyframes l${i} { ${frames} }`;
  }).join("\n");
}

/** Returns the steps as SVG. `title` is the picture's title, for screen readers. */
export function drawTerminal(title: string, steps: readonly Step[]): string {
  const lines: { content: string; time: number }[] = [];
  let time = 0;
  let widest = 60;
  const add = (content: string, length: number) => {
    lines.push({ content, time });
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
  const texts = lines.map(({ content }, i) =>
    `<text class="l${i}" x="${MARGIN}" y="${BAR + MARGIN + i * ROW}">${content}</text>`
  );
  const dots = [0, 1, 2].map((i) => `<circle class="dot" cx="${MARGIN + i * 18}" cy="18" r="6"/>`).join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-labelledby="title">
<title id="title">${escape(title)}</title>
<style>${STYLE}
${animate(lines.map((line) => line.time), time)}
</style>
<rect class="frame" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>
${dots}
${texts.join("\n")}
</svg>
`;
}
