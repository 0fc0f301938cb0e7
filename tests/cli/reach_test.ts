/**
 * The ways by which a program got to the network without a word: each is redirected, or refused in one line before
 * anything starts. By the command line and by the library as a program.
 */
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import * as path from "@std/path/posix";
import { copyProgram, withDir } from "../support/dir.ts";
import { run, type RunResult } from "../support/process.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { libraryFile } from "../support/library.ts";
import { buildLinked, canLink, type Linking } from "../support/static.ts";
import { NOBODY } from "../support/users.ts";
import { elfImage } from "../unit/elf_image.ts";
import { assertFails, isCompiled, testedLibrary, unsockCommand } from "./unsock.ts";

const programText = programsOf(import.meta);

const CHILD = new URL("../trap/child.c", import.meta.url).pathname;
const isRoot = Deno.uid() === 0;

/** Both doors' programs, a directory of socket files, and one for whatever else. */
interface Place {
  readonly dir: string;
  readonly sockets: string;
  /** The words of a program that listens, and says whether on the network. */
  readonly listener: (linking: Linking) => readonly string[];
  /** Starts a command by the `run` of the program that these words name. */
  readonly one: (program: readonly string[], command: readonly string[], how?: How) => Promise<RunResult>;
  /** Starts a command by each `run` in turn, and calls `check` with what came of it. */
  readonly each: (command: readonly string[], check: (result: RunResult) => void, how?: How) => Promise<void>;
}

interface How {
  readonly options?: readonly string[];
  readonly env?: Record<string, string>;
  /** Words in front of `unsock`. */
  readonly before?: readonly string[];
}

let nextPort = 21_400;

async function withPlace(use: (place: Place) => Promise<void>): Promise<void> {
  await withDir(async (dir) => {
    Deno.chmodSync(dir, 0o755);
    const built = new Map<Linking, string>();
    for (const linking of ["dynamic", "static"] as const) built.set(linking, await buildLinked(CHILD, dir, linking));
    const sockets = path.join(dir, "s");
    Deno.mkdirSync(sockets, { mode: 0o700 });
    const one: Place["one"] = (program, command, { options = [], env = {}, before = [] } = {}) =>
      run([...before, ...program, "run", "--dir", sockets, ...options, "--", ...command], {
        env: { PATH: Deno.env.get("PATH") ?? "", HOME: Deno.env.get("HOME") ?? "/", ...testedLibrary(), ...env },
        clearEnv: true,
        cwd: dir,
      });
    await use({
      dir,
      sockets,
      listener: (linking) => [built.get(linking) ?? "", sockets, `${nextPort++}`, "x"],
      one,
      each: async (command, check, how) => {
        for (const program of [unsockCommand(), [libraryFile()]]) check(await one(program, command, how));
      },
    });
  });
}

function redirected(result: RunResult): void {
  assertMatch(result.stdout, /^redirected /, result.stderr);
  assertStrictEquals(result.code, 0);
}

function refused(line: RegExp): (result: RunResult) => void {
  return (result) => {
    assertStrictEquals(result.stdout, "");
    assertFails(result, 125, line);
  };
}

const LINKED = ["dynamic", "static"].every((one) => canLink(one as Linking));

function way(name: string, use: (place: Place) => Promise<void>, ignore = false): void {
  Deno.test({ name, ignore: ignore || !LINKED, fn: () => withPlace(use) });
}

way("a script's children, static and dynamic, are redirected", async ({ listener, each }) => {
  for (const linking of ["dynamic", "static"] as const) {
    await each(["sh", "-c", '"$@"; exit $?', "sh", ...listener(linking)], redirected);
  }
});

way(
  "a cleared environment, and LD_PRELOAD= in front of a command, are made whole again",
  async ({ listener, each }) => {
    for (const linking of ["dynamic", "static"] as const) {
      for (const clear of [["env", "-i"], ["env", "LD_PRELOAD="], ["env", "-u", "LD_PRELOAD", "-u", "UNSOCK_DIR"]]) {
        await each([...clear, ...listener(linking)], redirected);
      }
      await each(["sh", "-c", 'LD_PRELOAD= "$@"; exit $?', "sh", ...listener(linking)], redirected);
    }
  },
);

way("posix_spawn with an empty environment is followed", async ({ listener, each }) => {
  for (const linking of ["dynamic", "static"] as const) {
    await each(["python3", "-c", programText("spawn"), ...listener(linking)], redirected);
  }
}, !need("python3"));

way("a library on a noexec file system is refused", async ({ dir, listener, each }) => {
  const mounted = path.join(dir, "m");
  Deno.mkdirSync(mounted);
  const script = 'mount -t tmpfs -o noexec,mode=755 none "$0" && cp "$1" "$0/libunsock.so" && shift && exec "$@"';
  const before = ["unshare", "-m", "sh", "-c", script, mounted, libraryFile()];
  const options = ["--lib", path.join(mounted, "libunsock.so")];
  await each(listener("dynamic"), refused(/m\/libunsock\.so: its file system is mounted noexec: .*--lib/), {
    before,
    options,
  });
}, !isRoot || !need("unshare"));

way("a source tree on a noexec file system is refused; with --lib elsewhere it redirects", async (place) => {
  const { dir, listener, one } = place;
  // An installed one would be taken instead.
  const script = 'mount --bind "$0" "$0" && mount -o remount,bind,noexec "$0" && ' +
    '{ [ ! -e /usr/local/lib/libunsock.so ] || mount --bind /dev/null /usr/local/lib/libunsock.so; } && exec "$@"';
  const before = ["unshare", "-m", "sh", "-c", script, path.dirname(libraryFile())];
  const elsewhere = path.join(dir, "libunsock.so");
  copyProgram(libraryFile(), elsewhere);
  for (const linking of ["dynamic", "static"] as const) {
    refused(/libunsock\.so: its file system is mounted noexec: .*--lib/)(
      await one(unsockCommand(), listener(linking), { before }),
    );
    redirected(await one(unsockCommand(), listener(linking), { before, options: ["--lib", elsewhere] }));
    redirected(await one(unsockCommand(), listener(linking), { before, env: { UNSOCK_LIB: elsewhere } }));
  }
}, !isRoot || isCompiled() || !need("unshare"));

way(
  "run refuses a file that is not this library: a missing one, another version, a truncated one, another file",
  async ({ dir, listener, each }) => {
    const good = Deno.readFileSync(libraryFile());
    const text = new TextDecoder("latin1").decode(good);
    const at = text.indexOf("unsock\0\0", text.indexOf("\x07\0\0\0\x20\0\0\0\x01\0\0\0unsock\0\0")) + 8;
    const other = good.slice();
    other[at] = "1".charCodeAt(0);
    const files: readonly (readonly [string, Uint8Array | undefined, RegExp])[] = [
      ["none.so", undefined, /none\.so: No such file/],
      ["other.so", other, /other\.so: version 1\S+: this is unsock 2\S+: use its own/],
      ["half.so", good.slice(0, good.length / 2), /half\.so: cut short: copy it once more/],
      ["empty.so", new Uint8Array(), /empty\.so: not a shared object/],
      [
        "text.so",
        new TextEncoder().encode("no library, but text that is longer than the header of one is, ".repeat(2)),
        /not a/,
      ],
    ];
    for (const [name, bytes, line] of files) {
      const file = path.join(dir, name);
      if (bytes !== undefined) Deno.writeFileSync(file, bytes);
      await each(listener("dynamic"), refused(line), { options: ["--lib", file] });
      await each(listener("static"), refused(line), { env: { UNSOCK_LIB: file } });
    }
  },
);

way("a library that others could have written is refused", async ({ dir, listener, each }) => {
  const file = path.join(dir, "libunsock.so");
  copyProgram(libraryFile(), file);
  Deno.chmodSync(file, 0o666);
  await each(listener("dynamic"), refused(/everybody may write to \S+libunsock\.so: use --lib/), {
    options: ["--lib", file],
  });
});

way(
  "a library that cannot be executed is refused where a program has to be started by it",
  async ({ dir, listener, each }) => {
    const file = path.join(dir, "libunsock.so");
    copyProgram(libraryFile(), file);
    Deno.chmodSync(file, 0o644);
    await each(listener("dynamic"), redirected, { options: ["--lib", file] });
    await each(
      listener("static"),
      refused(/libunsock\.so: not executable, and .* has to be started by it: chmod \+x/),
      {
        options: ["--lib", file],
      },
    );
  },
);

/** How to run words as a user; `"$@"` stands for them in a shell's command. */
const CHANGES: Readonly<Record<string, (words: readonly string[]) => readonly string[]>> = {
  setpriv: (words) => ["setpriv", `--reuid=${NOBODY}`, "--clear-groups", ...words],
  runuser: (words) => ["runuser", "-u", "nobody", "--", ...words],
  su: (words) => ["su", "-s", "/bin/sh", "nobody", "-c", words.join(" ")],
  sudo: (words) => ["sudo", "-u", "nobody", ...words],
};

for (const [name, change] of Object.entries(CHANGES)) {
  way(
    `${name} to a user who can read the library takes it along; else it is reported`,
    async (place) => {
      const { dir, sockets, listener, each } = place;
      const library = path.join(dir, "libunsock.so");
      copyProgram(libraryFile(), library);
      Deno.chmodSync(library, 0o755);
      const options = ["--lib", library];
      await each(change(listener("dynamic")), ({ code, stdout, stderr }) => {
        assertStrictEquals(stdout, "");
        assertMatch(stderr, /^unsock: directory \S+\/s: user 65534 may not enter it, and so bind fails with EACCES: /m);
        assertStrictEquals(code === 0, false);
      }, { options });
      Deno.chownSync(sockets, NOBODY, NOBODY);
      for (const linking of ["dynamic", "static"] as const) {
        await each(change(listener(linking)), redirected, { options });
      }
      Deno.chmodSync(library, 0o700);
      await each(change(["id"]), ({ stderr }) => {
        assertMatch(stderr, /^unsock: \S+: the library cannot be read by this user, .*: it is not redirected$/m);
      }, { options });
    },
    !isRoot || !need(name),
  );
}

way(
  "a set-group-ID program that a program starts is reported as such, and reached by --engine trap",
  async ({ dir, listener, each }) => {
    const [program = "", ...words] = listener("dynamic");
    const special = path.join(dir, "special");
    copyProgram(program, special);
    Deno.chownSync(special, 0, 5);
    Deno.chmodSync(special, 0o2755);
    const command = ["sh", "-c", '"$@"; true', "sh", special, ...words];
    await each(command, ({ stderr }) => {
      assertMatch(stderr, /^unsock: \S+special: set-group-ID: .*\(--engine trap keeps it.*\): it is not redirected$/m);
    });
    await each(command, redirected, { options: ["--engine", "trap"] });
  },
  !isRoot,
);

way("a program for 32 bits, or for another machine, is refused; also behind a script", async ({ dir, each }) => {
  const program = elfImage({ machine: 3, interpreter: "/lib/ld-linux.so.2" });
  program[4] = 1;
  Deno.writeFileSync(path.join(dir, "x86"), program, { mode: 0o755 });
  Deno.writeTextFileSync(path.join(dir, "script"), `#!${dir}/x86\n`, { mode: 0o755 });
  await each(
    [`${dir}/x86`],
    refused(/x86: the library cannot reach it: made for another machine \(32-bit x86\).*--force/),
  );
  await each(
    [`${dir}/script`],
    refused(/script: its interpreter \S+x86: the library cannot reach it: made for another/),
  );
});

way("a recipe whose directory is not there is refused", async ({ dir, listener, each }) => {
  await each(listener("dynamic"), refused(/none\/s: \S+none does not exist: make it first, mkdir -p/), {
    options: ["--dir", path.join(dir, "none", "s")],
  });
  assertEquals([...Deno.readDirSync(dir)].filter(({ name }) => name === "none"), []);
});

way("UNSOCK_OFF=1 is the way out, for one command", async ({ listener, each }) => {
  await each(["sh", "-c", 'UNSOCK_OFF=1 "$@"; exit $?', "sh", ...listener("dynamic")], ({ stdout }) => {
    assertMatch(stdout, /^on the network /);
  });
});
