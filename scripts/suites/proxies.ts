/** The tests of HAProxy and Varnish. varnishtest runs servers and clients around the proxy. */
import { join } from "@std/path/posix";
import { readVarnishtest } from "./readers.ts";
import type { Part, Suite } from "./suite.ts";

const TEST_SECONDS = 40;
/** Some tests write a longer log than the default of one megabyte. */
const LOG_BYTES = 4 << 20;

function part(name: string, cwd: string, files: readonly string[]): Part {
  const how = ["-k", "-b", `${LOG_BYTES}`, "-t", `${TEST_SECONDS}`];
  return {
    name,
    cwd,
    seconds: 1_500,
    chooses: true,
    command: ({ only }) => ["varnishtest", ...how, ...only ?? files],
    read: readVarnishtest,
  };
}

function filesIn(directory: string, end: string): string[] {
  return Array.from(Deno.readDirSync(directory), ({ name }) => name).filter((name) => name.endsWith(end)).toSorted();
}

export const HAPROXY: Suite = {
  name: "haproxy",
  about: "`reg-tests`, by varnishtest",
  source: "haproxy",
  programs: ["haproxy", "varnishtest"],
  version: ["sh", "-c", "haproxy -v | sed -n 's/^HAProxy version \\([0-9.]*\\).*/HAProxy \\1/p'"],
  least: 100,
  prepare(tree) {
    const directories = Array.from(Deno.readDirSync(join(tree, "reg-tests"))).filter((entry) => entry.isDirectory);
    const files = directories.flatMap(({ name }) => {
      const directory = join("reg-tests", name);
      return filesIn(join(tree, directory), ".vtc").map((file) => join(directory, file));
    });
    return Promise.resolve([part("reg-tests", tree, files.toSorted())]);
  },
};

/** HAProxy's tests with trapped calls. The tester's threads loop over `accept`, `recv` and `poll` until cancelled. */
export const HAPROXY_TRAPPED: Suite = {
  ...HAPROXY,
  name: "haproxy-trapped",
  about: "`reg-tests` once more, by `--engine trap`",
  again: true,
  prepare: async (tree, work, run) =>
    (await HAPROXY.prepare(tree, work, run)).map((one) => ({ ...one, trapped: true })),
};

/** First letters of the chosen tests: a (the tester), b (basics), h (HAProxy), o (PROXY protocol), t (HTTP/2). */
const GROUPS = ["a", "b", "h", "o", "t"];

export const VARNISH: Suite = {
  name: "varnish",
  about: "`bin/varnishtest/tests`: the tester itself, the basics, HAProxy in front, PROXY protocol, HTTP/2",
  source: "varnish",
  programs: ["varnishd", "varnishtest", "cc"],
  version: ["sh", "-c", "varnishd -V 2>&1 | sed -n 's/.*varnish-\\([0-9.]*\\).*/Varnish \\1/p'"],
  least: 100,
  prepare(tree) {
    const directory = join(tree, "bin", "varnishtest", "tests");
    const files = filesIn(directory, ".vtc");
    return Promise.resolve(GROUPS.map((group): Part => {
      const own = files.filter((file) => file.startsWith(group));
      return { ...part(group, directory, own), asUser: true };
    }));
  },
};
