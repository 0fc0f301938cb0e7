/** How much a connection holds that nobody reads: less in small writes (docs/limits.md). */
import { assert } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { readFacts } from "../support/facts.ts";
import { run } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { unsockRun } from "../support/library.ts";

const programText = programsOf(import.meta);
const LIMIT = Number(Deno.readTextFileSync("/proc/sys/net/core/wmem_default"));
/** What the kernel counts for a write, whatever its size. */
const LEAST = 768;

Deno.test("a connection holds net.core.wmem_default unread bytes, where each write counts for 768 at least", {
  ignore: !need("python3"),
}, () =>
  withDir(async (dir) => {
    const fill = ["/usr/bin/python3", "-c", programText("fill"), "1", "100", "65536"];
    const { stdout, stderr } = await run(unsockRun(`${dir}/s`, fill));
    const held = readFacts(stdout);
    const writes = Math.ceil(LIMIT / LEAST);
    const isNear = (name: string, value: number) => {
      const got = Number(held[name]);
      assert(got > 0.5 * value && got <= 1.1 * value, `${name}: ${got}, not near ${value}${stderr}`);
    };
    isNear("1", writes);
    isNear("100", 100 * writes);
    isNear("65536", LIMIT);
  }));
