/** The tests of libraries for servers and clients, from Debian's packages for Node.js and Python. */
import { join } from "@std/path/posix";
import { readPytest, readTap } from "./readers.ts";
import type { Part, Suite } from "./suite.ts";

const NODE_MODULES = "/usr/share/nodejs";
const PYTHON_MODULES = "/usr/lib/python3/dist-packages";
const SECONDS = 1_200;
const TEST_SECONDS = 60;

function mocha(cwd: string, args: readonly string[]): Part {
  return {
    name: "test",
    cwd,
    env: { NODE_PATH: NODE_MODULES, NODE_ENV: "test" },
    seconds: SECONDS,
    command: () => ["mocha", "--reporter", "tap", "--exit", ...args],
    read: readTap,
  };
}

export const WS: Suite = {
  name: "ws",
  about: "all of `test`, with node",
  source: "node-ws",
  programs: ["node", "mocha"],
  version: ["sed", "-n", 's/^  "version": "\\(.*\\)",/ws \\1/p', "package.json"],
  least: 400,
  prepare: (tree) => Promise.resolve([mocha(tree, ["test/*.test.js"])]),
};

export const EXPRESS: Suite = {
  name: "express",
  about: "all of `test` of the release in Debian 12, by the library in Debian 13, with node",
  source: "node-express",
  release: "bookworm",
  programs: ["node", "mocha"],
  version: ["node", "-p", `"express " + require("${NODE_MODULES}/express/package.json").version`],
  least: 1_000,
  async prepare(tree) {
    await Deno.remove(join(tree, "lib"), { recursive: true });
    await Deno.symlink(join(NODE_MODULES, "express", "lib"), join(tree, "lib"));
    return [mocha(tree, ["--require", "test/support/env", "test/"])];
  },
};

function pytest(cwd: string, files: readonly string[], env: Record<string, string> = {}): Part {
  return {
    name: "tests",
    cwd,
    env: { PYTHONUNBUFFERED: "1", PYTHONDONTWRITEBYTECODE: "1", PYTHONPATH: cwd, ...env },
    seconds: SECONDS,
    chooses: true,
    command({ only }) {
      const how = ["-v", "-p", "no:cacheprovider", "--timeout", `${TEST_SECONDS}`];
      return ["/usr/bin/python3", "-m", "pytest", ...how, ...only ?? files];
    },
    read: readPytest,
  };
}

/** Returns a command that prints a module's name and version. It fails if a module is missing. */
function pythonVersion(name: string, others: readonly string[]): string[] {
  const modules = [name.toLowerCase(), "pytest_timeout", ...others].join(", ");
  return ["/usr/bin/python3", "-c", `import ${modules}; print("${name}", ${name.toLowerCase()}.__version__)`];
}

export const WEBSOCKETS: Suite = {
  name: "websockets",
  about: "all of `tests`, with Python",
  source: "python-websockets",
  programs: ["python3"],
  version: pythonVersion("websockets", ["werkzeug"]),
  least: 1_800,
  prepare: (tree) => Promise.resolve([pytest(tree, ["tests"])]),
};

const AIOHTTP_TESTS = [
  "client_functional",
  "client_ws_functional",
  "connector",
  "proxy_functional",
  "resolver",
  "run_app",
  "test_utils",
  "web_functional",
  "web_runner",
  "web_sendfile_functional",
  "web_server",
  "web_websocket_functional",
];

export const AIOHTTP: Suite = {
  name: "aiohttp",
  about: `\`tests\` of the release in Debian's sid, without its C: ${AIOHTTP_TESTS.join(", ")}`,
  source: "python-aiohttp",
  release: "sid",
  programs: ["python3"],
  version: ["sed", "-n", 's/^__version__ = "\\(.*\\)"/aiohttp \\1/p', "aiohttp/__init__.py"],
  least: 700,
  prepare(tree) {
    const files = AIOHTTP_TESTS.map((name) => `tests/test_${name}.py`);
    return Promise.resolve([pytest(tree, files, { AIOHTTP_NO_EXTENSIONS: "1" })]);
  },
};

const TWISTED_TESTS = ["test_tcp", "test_udp", "test_tls", "test_unix", "test_core", "test_process", "test_endpoints"];

export const TWISTED: Suite = {
  name: "twisted",
  about: `\`twisted.internet.test\`: ${TWISTED_TESTS.join(", ")}`,
  programs: ["python3"],
  version: pythonVersion("Twisted", []),
  least: 400,
  async prepare(_tree, work) {
    // The tests leave files in the directory in which they run.
    await Deno.remove(join(work, "twisted")).catch(() => undefined);
    await Deno.symlink(join(PYTHON_MODULES, "twisted"), join(work, "twisted"));
    return [pytest(work, TWISTED_TESTS.map((name) => `twisted/internet/test/${name}.py`))];
  },
};
