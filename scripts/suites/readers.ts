/** Reads the output of each suite's own runner: the result of every test, by name. Skips unknown lines. */
import type { Results, Status } from "./results.ts";

export type Reader = (output: string) => Results;

// deno-lint-ignore no-control-regex -- colours, which are control characters
const COLOUR = /\x1b\[[\d;]*m/g;

/** Collects the results of tests, and numbers tests with the same name. */
class Named {
  readonly results = new Map<string, Status>();
  readonly #seen = new Map<string, number>();

  add(name: string, status: Status): void {
    const count = (this.#seen.get(name) ?? 0) + 1;
    this.#seen.set(name, count);
    this.results.set(count === 1 ? name : `${name} #${count}`, status);
  }
}

/** Reads lines of JSON, each with a test's name and status. The last line about a test counts. */
export function readReport(output: string): Results {
  const results = new Map<string, Status>();
  for (const line of output.split("\n")) {
    const [, name = "", status = ""] = /^\{"name": "(.+)", "status": "(\w+)"\}$/.exec(line) ?? [];
    if (isStatus(status)) results.set(name, status);
  }
  return results;
}

function isStatus(word: string): word is Status {
  return ["pass", "fail", "skip", "unfinished"].includes(word);
}

/**
 * Reads TAP. `prove -v`, and the loop that runs fastify's tests, print a file's name before its tests. A test without a
 * description gets its number as its name.
 */
export function readTap(output: string): Results {
  const named = new Named();
  let file = "";
  for (const line of output.split("\n")) {
    file = /^(\S+\.(?:t|m?js)) \.+ *$/.exec(line)?.[1] ?? file;
    const [, not, number = "", text = ""] = /^(not )?ok (\d+)(?:\s+(?:- )?(.*))?$/.exec(line) ?? [];
    if (number === "") continue;
    const [, what = "", directive] = /^(.*?)\s*(?:# (SKIP|TODO|skip|todo)\b.*)?$/.exec(text) ?? [];
    const status = directive?.toUpperCase() === "SKIP" ? "skip" : not && !directive ? "fail" : "pass";
    named.add([file, what === "" ? number : what].filter(Boolean).join(": "), status);
  }
  return named.results;
}

/** Reads the output of `pytest -v`, which prints a test's name when it begins, and its result after the name. */
export function readPytest(output: string): Results {
  const results = new Map<string, Status>();
  const words: Record<string, Status> = { PASSED: "pass", XFAIL: "pass", XPASS: "pass", SKIPPED: "skip" };
  for (const line of output.split("\n")) {
    const [, name = "", word] = /^(\S+\.py::.*?) (?:([A-Z]{5,})\b.*)?$/.exec(line) ?? [];
    if (name !== "") results.set(name, word === undefined ? "unfinished" : words[word] ?? "fail");
  }
  return results;
}

/** Reads the output of a Go test program with `-test.v=test2json`. */
export function readGo(output: string): Results {
  const results = new Map<string, Status>();
  const words: Record<string, Status> = { RUN: "unfinished", PASS: "pass", FAIL: "fail", SKIP: "skip" };
  // With test2json, each line of the runner begins with the byte 0x16, even in the middle of a test's output.
  // deno-lint-ignore no-control-regex -- that byte
  for (const line of output.split(/\n|\x16/)) {
    const [, word = "", name = ""] = /^\s*(?:---|===) (RUN|PASS|FAIL|SKIP):? +(\S+)(?: \([\d.]+s\))?$/.exec(line) ?? [];
    const status = words[word];
    if (status !== undefined) results.set(name, status);
  }
  return results;
}

/** Steps that a test of redis repeats at random while it has time. All repetitions count as one test. */
const AT_RANDOM = /^PSYNC2 .*: kill (?:first|chained) replica$/;

/** Reads the output of redis's runner, which does not report the start of a test. */
export function readRedis(output: string): Results {
  const named = new Named();
  const words: Record<string, Status> = { ok: "pass", err: "fail", exception: "fail", timeout: "fail", skip: "skip" };
  for (const line of output.replaceAll(COLOUR, "").split("\n")) {
    const [, word = "", rest = ""] = /^\[(ok|err|exception|timeout|skip)\]: (.*)$/.exec(line) ?? [];
    const status = words[word];
    if (status === undefined) continue;
    const name = rest.replace(word === "ok" ? / \(\d+ ms\)$/ : / in tests\/\S+\.tcl$/, "");
    if (!AT_RANDOM.test(name)) named.add(name, status);
    else if (named.results.get(name) !== "fail") named.results.set(name, status);
  }
  return named.results;
}

/** Reads the output of Tcl's own tests with `-verbose "pass skip error start"`. */
export function readTcl(output: string): Results {
  const results = new Map<string, Status>();
  for (const line of output.split("\n")) {
    const [, begun] = /^---- (\S+) start$/.exec(line) ?? [];
    if (begun !== undefined) results.set(begun, "unfinished");
    const [, name = "", word = ""] = /^(?:\+\+\+\+|====) (\S+) (?:.* )?(PASSED|FAILED|SKIPPED)(?::.*)?$/.exec(line) ??
      [];
    if (name !== "") results.set(name, word === "PASSED" ? "pass" : word === "FAILED" ? "fail" : "skip");
  }
  return results;
}

/**
 * Reads the output of Ruby's own tests with `-v --show-skip`: a line for each test that has ended, and last a list of
 * those that did not pass. If the output stops before its line `Finished tests in …`, tests that are not in the list
 * count as unfinished.
 */
export function readRuby(output: string): Results {
  const results = new Map<string, Status>();
  const ended = /^Finished tests in /m.test(output);
  for (const [, name = ""] of output.matchAll(/^\[ *\d+\/\d+\] (\w[\w:]*#\S+)/gm)) {
    results.set(name, ended ? "pass" : "unfinished");
  }
  for (
    const [, kind, name = ""] of output.matchAll(/^ +\d+\) (Failure|Error|Skipped|Timeout):\n(\w[\w:]*#[^\s:[]+)/gm)
  ) {
    results.set(name, kind === "Skipped" ? "skip" : "fail");
  }
  return results;
}

export function readTinytest(output: string): Results {
  const results = new Map<string, Status>();
  let current: string | undefined;
  for (const line of output.split("\n")) {
    const [, name] = /^(\w+\/[\w/]+): /.exec(line) ?? [];
    if (name !== undefined) {
      current = name;
      results.set(name, "unfinished");
    }
    const [, word, failed] = /(?:^|\s)(OK|SKIPPED|DISABLED)$|^ +\[(\w+) FAILED\]$/.exec(line) ?? [];
    if (current === undefined || (word === undefined && failed === undefined)) continue;
    results.set(current, failed !== undefined ? "fail" : word === "OK" ? "pass" : "skip");
  }
  return results;
}

/** Reads the output of curl's `runtests.pl`: a test's number and name, and in a later line that the test has passed. */
export function readCurl(output: string): Results {
  const results = new Map<string, Status>();
  let current: string | undefined;
  for (const line of output.split("\n")) {
    const [, number, name] = /^test 0*(\d+)\.\.\.\[(.*)\]/.exec(line) ?? [];
    if (number !== undefined) {
      current = `${number} ${name}`;
      results.set(current, "unfinished");
    }
    if (current === undefined) continue;
    const [, failed] = /^ (\d+): .*FAILED/.exec(line) ?? [];
    if (failed !== undefined && current.startsWith(`${failed} `)) results.set(current, "fail");
    else if (/ OK \(\d+ +out of \d+/.test(line) && results.get(current) === "unfinished") results.set(current, "pass");
  }
  return results;
}

/** Reads the output of varnishtest: a test is a file. */
export function readVarnishtest(output: string): Results {
  const results = new Map<string, Status>();
  for (const line of output.split("\n")) {
    const [, name = "", word = ""] = /^# +top +TEST (\S+) (passed|FAILED|skipped|timed out)\b/.exec(line) ?? [];
    if (name !== "") results.set(name, word === "passed" ? "pass" : word === "skipped" ? "skip" : "fail");
  }
  return results;
}
