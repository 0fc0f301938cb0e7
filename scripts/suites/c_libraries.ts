/** The test programs of libuv, libevent and curl, built from their sources. */
import { join } from "@std/path/posix";
import { readCurl, readTap, readTinytest } from "./readers.ts";
import type { Build, Suite } from "./suite.ts";

async function cmake(
  tree: string,
  targets: readonly string[],
  run: Build,
  options: readonly string[],
): Promise<string> {
  const directory = join(tree, "built");
  const quiet = ["-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_POLICY_VERSION_MINIMUM=3.5", "-Wno-dev"];
  await run(["cmake", "-S", tree, "-B", directory, ...quiet, ...options], { cwd: tree });
  await run(["cmake", "--build", directory, "--target", ...targets, "-j", "2"], { cwd: tree });
  return directory;
}

export const LIBUV: Suite = {
  name: "libuv",
  about: "all of `uv_run_tests`, each test by itself",
  source: "libuv1",
  programs: ["cmake", "cc"],
  version: ["sh", "-c", "echo libuv $(sed -n 's/^AC_INIT(.libuv., .\\([0-9.]*\\).*/\\1/p' configure.ac)"],
  least: 380,
  async prepare(tree, work, run) {
    const directory = await cmake(tree, ["uv_run_tests"], run, ["-DBUILD_TESTING=ON"]);
    const env = { UV_RUN_AS_ROOT: "1", UV_TEST_TIMEOUT_MULTIPLIER: "6" };
    const list = await run([join(directory, "uv_run_tests"), "--list"], { cwd: work, env });
    // A test's name is followed by the helpers that the test starts.
    const tests = list.split("\n").map((line) => line.split(" ", 1)[0] ?? "").filter((name) => name !== "");
    const loop = 'for test; do timeout -k 5 120 built/uv_run_tests "$test"; done; true';
    return [{
      name: "tests",
      // The program finds its input files by relative paths.
      cwd: tree,
      env,
      seconds: 1_800,
      chooses: true,
      command: ({ only }) => ["sh", "-c", loop, "sh", ...only ?? tests],
      read: readTap,
    }];
  },
};

export const LIBEVENT: Suite = {
  name: "libevent",
  about: "all of `regress`, by epoll and by poll",
  source: "libevent",
  programs: ["cmake", "cc"],
  version: ["sh", "-c", "echo libevent $(sed -n 's/^AC_INIT(libevent,\\([^)]*\\)).*/\\1/p' configure.ac)"],
  least: 400,
  async prepare(tree, _work, run) {
    const without = ["OPENSSL", "MBEDTLS", "BENCHMARK", "SAMPLES"].map((name) => `-DEVENT__DISABLE_${name}=ON`);
    const directory = await cmake(tree, ["regress"], run, without);
    const ways = { epoll: {}, poll: { EVENT_NOEPOLL: "1" } };
    return Object.entries(ways).map(([name, env]) => ({
      name,
      cwd: directory,
      env,
      seconds: 900,
      chooses: true,
      command: ({ only = [] }) => ["bin/regress", ...only],
      read: readTinytest,
    }));
  },
};

/** The suite of curl. Each test file of libcurl is built into a program, which takes some minutes. */
export const CURL: Suite = {
  name: "curl",
  about: "`tests/runtests.pl`: the program and libcurl, against its own HTTP, FTP, mail and other servers",
  source: "curl",
  programs: ["cmake", "cc", "perl"],
  version: ["sh", "-c", "sed -n 's/^#define LIBCURL_VERSION \"\\([0-9.]*\\).*/curl \\1/p' include/curl/curlver.h"],
  least: 1_000,
  async prepare(tree, _work, run) {
    const off = ["BUILD_SHARED_LIBS", "CURL_USE_LIBPSL", "BUILD_LIBCURL_DOCS", "BUILD_MISC_DOCS", "ENABLE_CURL_MANUAL"];
    const options = ["BUILD_STATIC_LIBS=ON", "CURL_USE_OPENSSL=ON", ...off.map((name) => `${name}=OFF`)];
    const directory = await cmake(tree, ["curl", "testdeps"], run, options.map((option) => `-D${option}`));
    return [{
      name: "runtests",
      cwd: join(directory, "tests"),
      seconds: 1_800,
      chooses: true,
      command({ only }) {
        const chosen = only?.map((test) => test.split(" ", 1)[0] ?? "") ?? ["!flaky", "!timing-dependent"];
        // -a: continues after a failure. -n: without valgrind.
        return ["perl", join(tree, "tests", "runtests.pl"), "-a", "-n", ...chosen];
      },
      read: readCurl,
    }];
  },
};
