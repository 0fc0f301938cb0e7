/**
 * An ordinary HTTP server on TCP, which has no code for unsock. Prints its port when it listens, and ends when its
 * standard input ends.
 *
 * Usage: `deno run -A server.ts PORT`
 */

const CHUNK = new Uint8Array(1 << 18);

/** Answers `/bytes/N` with N zero bytes, for measurements. */
function bulk(length: number): Response {
  let left = length;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left === 0) return controller.close();
      const chunk = CHUNK.subarray(0, Math.min(left, CHUNK.length));
      left -= chunk.length;
      controller.enqueue(chunk);
    },
  });
  return new Response(body);
}

const options = {
  hostname: "127.0.0.1",
  port: Number(Deno.args[0] ?? 0),
  onListen: ({ port }: { port: number }) => console.log(port),
};

Deno.serve(options, (request, { remoteAddr }) => {
  const length = /\/bytes\/(\d+)$/.exec(request.url)?.[1];
  return length === undefined ? new Response(`hello, ${remoteAddr.hostname}\n`) : bulk(Number(length));
});

for await (const _ of Deno.stdin.readable);
Deno.exit(0);
