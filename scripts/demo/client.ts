/**
 * An ordinary HTTP client on TCP. Prints the answer as JSON: status, text, length, and bytes per second.
 *
 * Usage: `deno run -A client.ts URL`
 */

const start = performance.now();
const response = await fetch(Deno.args[0] ?? "");
let length = 0;
let text = "";
const decoder = new TextDecoder();
for await (const chunk of response.body ?? []) {
  length += chunk.length;
  if (length < 1000) text += decoder.decode(chunk);
}
const seconds = (performance.now() - start) / 1000;
console.log(JSON.stringify({ status: response.status, text, length, bytesPerSecond: length / seconds }));
