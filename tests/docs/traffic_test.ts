/** docs/traffic.md */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { need } from "../support/programs.ts";
import { Reader } from "./page.ts";

/** Only root may trace, where the kernel restricts it. */
function mayTrace(): boolean {
  try {
    return Deno.uid() === 0 || Deno.readTextFileSync("/proc/sys/kernel/yama/ptrace_scope").trim() === "0";
  } catch {
    return true; // a kernel without that restriction
  }
}

const TAP = "unsock tap 8000\n";
const FILE = "unsock tap 8000 --pcap http.pcapng";
const ASK = "unsock run --log";

Deno.test({
  name: "docs: what runs, who uses a port, which calls are redirected, what passes, and tshark",
  ignore: !need("python3", "curl", "strace", "tshark") || !mayTrace(),
  fn: () =>
    Reader.with("traffic", async (reader) => {
      await reader.start("--name shop", reader.socket(8000));
      await reader.run("ls --all");
      const isPrinted = (text: RegExp) => () => Promise.resolve(text.test(reader.outputs()));
      const client = "socket.create_connection";
      await reader.start(client, isPrinted(/^connected$/m));
      await reader.run("unsock ls 8000");
      await reader.end(client);
      await reader.run(ASK);
      await reader.start(TAP, isPrinted(/\(Ctrl-C ends\)/));
      await reader.run(ASK);
      await reader.end(TAP);
      await reader.start(FILE, isPrinted(/\(Ctrl-C ends\)/));
      await reader.run(ASK);
      await reader.end(FILE);
      await reader.run("tshark -r");
      await reader.run("strace -f");
      assertMatch(await Deno.readTextFile(`${reader.home}/page`), /Directory listing for/);
      const { code, stderr } = await reader.tryCommand(["unsock", "ls", "--url", "shop"]);
      assertStrictEquals(code, 1, stderr);
    }, { cannotRun: { "wireshark -k": "it needs a display; tests/cli/tap_test.ts pipes it to tshark" } }),
});
