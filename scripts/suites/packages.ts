/** The tests of libraries for servers and clients, from Debian's and npm's packages for Node.js and Python. */
import { basename, join } from "@std/path/posix";
import { statOrUndefined } from "../../lib/system/files.ts";
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
  // -P: imports no modules from the working directory, which has the source.
  return ["/usr/bin/python3", "-P", "-c", `import ${modules}; print("${name}", ${name.toLowerCase()}.__version__)`];
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
    await linkInto(work, join(PYTHON_MODULES, "twisted"));
    return [pytest(work, TWISTED_TESTS.map((name) => `twisted/internet/test/${name}.py`))];
  },
};

export const UVLOOP: Suite = {
  name: "uvloop",
  about:
    "all of `tests` of the tag v0.21.0 (the mirror lacked Debian's source), by the library in Debian 13, with Python",
  source: "uvloop",
  programs: ["python3"],
  version: pythonVersion("uvloop", ["OpenSSL", "aiohttp", "psutil"]),
  least: 400,
  async prepare(tree, work) {
    // In the source tree, the tests would import the source's `uvloop`, which is not built, instead of Debian's.
    await linkInto(work, join(tree, "tests"));
    return [pytest(work, ["tests"])];
  },
};

async function linkInto(directory: string, target: string): Promise<void> {
  const link = join(directory, basename(target));
  await Deno.remove(link).catch(() => undefined);
  await Deno.symlink(target, link);
}

const FASTIFY_VERSION = "5.12.8";

export const FASTIFY: Suite = {
  name: "fastify",
  about: "all of `test` of the npm package, each file by itself, with node",
  programs: ["node", "npm"],
  version: ["echo", `fastify ${FASTIFY_VERSION}`],
  least: 1_500,
  async prepare(_tree, work, run) {
    const tree = join(work, "package");
    const archive = `fastify-${FASTIFY_VERSION}.tgz`;
    if (statOrUndefined(join(tree, "node_modules")) === undefined) {
      await run(["npm", "pack", `fastify@${FASTIFY_VERSION}`], { cwd: work });
      await run(["tar", "-xf", archive], { cwd: work });
      await run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: tree });
    }
    const list = await run(["find", "test", "-name", "*.test.js", "-o", "-name", "*.test.mjs"], { cwd: tree });
    const files = list.split("\n").filter((name) => name !== "").toSorted();
    const loop =
      `for test; do echo "$test .."; timeout -k 5 ${TEST_SECONDS} node --test-reporter=tap "$test"; done; true`;
    return [{
      name: "test",
      cwd: tree,
      seconds: SECONDS,
      chooses: true,
      // A test's name begins with the name of its file.
      command: (
        { only },
      ) => ["sh", "-c", loop, "sh", ...new Set(only?.map((test) => test.replace(/: .*/s, "")) ?? files)],
      read: readTap,
    }];
  },
};
