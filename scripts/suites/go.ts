/** Go's own tests of its net packages. These programs have no libc, so their system calls are trapped. */
import { join } from "@std/path/posix";
import { readGo } from "./readers.ts";
import type { Build, Part, Suite } from "./suite.ts";

const PACKAGES = [
  "net",
  "net/http",
  "net/http/cgi",
  "net/http/fcgi",
  "net/http/httptest",
  "net/http/httputil",
  "net/http/pprof",
  "net/rpc",
  "net/rpc/jsonrpc",
  "net/smtp",
  "net/textproto",
  "crypto/tls",
  "log/syslog",
];
/** Debian's packages of Go sources (`golang-…-dev`) whose tests run, by their path under `GOPATH/src`. */
const FOREIGN = [
  "github.com/valyala/fasthttp",
  "github.com/gorilla/websocket",
  "github.com/quic-go/quic-go/integrationtests/self",
  "golang.org/x/crypto/ssh",
  "golang.org/x/net/http2",
  "golang.org/x/net/websocket",
];
const DEBIAN_GOPATH = "/usr/share/gocode";
/** The package whose tests run in short mode: otherwise some of them would resolve Google's and other names. */
const SHORT = "net";
const SECONDS = 420;

interface Way {
  readonly packages: readonly string[];
  /** Additional variables for the compiler. */
  readonly build?: Readonly<Record<string, string>>;
  /** Additional variables and arguments for the tests. */
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
}

async function prepareGo({ packages, build, env: more, args = [] }: Way, work: string, run: Build): Promise<Part[]> {
  const env = {
    CGO_ENABLED: "0",
    GOTOOLCHAIN: "local",
    GOFLAGS: "",
    GOCACHE: join(work, "cache"),
    HOME: work,
    ...build,
  };
  const parts: Part[] = [];
  for (const name of packages) {
    const program = join(work, `${name.replaceAll("/", "-")}.test`);
    await run(["go", "test", "-c", "-vet=off", "-o", program, name], { cwd: work, env });
    const directory = await run(["go", "list", "-f", "{{.Dir}}", name], { cwd: work, env });
    parts.push({
      name,
      cwd: directory.trim(),
      env: { GOCACHE: env.GOCACHE, GOTOOLCHAIN: "local", ...more },
      seconds: SECONDS + 30,
      chooses: true,
      command({ only }) {
        const tops = [...new Set(only?.map((test) => test.split("/", 1)[0]))];
        const chosen = only === undefined ? [] : [`-test.run=^(${tops.join("|")})$`];
        const short = name === SHORT ? ["-test.short"] : [];
        return [program, "-test.v=test2json", `-test.timeout=${SECONDS}s`, ...short, ...args, ...chosen];
      },
      read: readGo,
    });
  }
  return parts;
}

const VERSION = ["sh", "-c", "go env GOVERSION | sed 's/^go/Go /'"];

export const GO: Suite = {
  name: "go",
  about: `${PACKAGES.map((name) => `\`${name}\``).join(", ")}, without libc`,
  programs: ["go"],
  version: VERSION,
  least: 1_500,
  prepare: (_tree, work, run) => prepareGo({ packages: PACKAGES }, work, run),
};

/** The suite of other projects' libraries, with sources and tests of Debian's packages. */
export const GO_PACKAGES: Suite = {
  name: "go-packages",
  about: `Debian's packages of ${FOREIGN.map((name) => `\`${name}\``).join(", ")}, without libc`,
  programs: ["go"],
  version: ["sed", "s/^/Go libraries of Debian /", "/etc/debian_version"],
  least: 1_000,
  prepare: (_tree, work, run) =>
    prepareGo(
      // quic-go's tests multiply their waits by this factor.
      { packages: FOREIGN, build: { GO111MODULE: "off", GOPATH: DEBIAN_GOPATH }, env: { TIMESCALE_FACTOR: "5" } },
      work,
      run,
    ),
};

/** The suite that disturbs system calls by constant garbage collection and by a profiler's signals. */
export const GO_DISTURBED: Suite = {
  name: "go-disturbed",
  about: "`net`, `net/http`, `crypto/tls` once more, with `GOGC=1` and a CPU profile taken",
  programs: ["go"],
  version: VERSION,
  least: 1_200,
  again: true,
  prepare: (_tree, work, run) =>
    prepareGo(
      {
        packages: ["net", "net/http", "crypto/tls"],
        env: { GOGC: "1" },
        args: [`-test.cpuprofile=${join(work, "profile")}`],
      },
      work,
      run,
    ),
};
