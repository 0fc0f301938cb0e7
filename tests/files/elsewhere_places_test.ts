/** Where the socket file of a control file is: at long paths, and in directories of others. */
import { assertEquals, assertStrictEquals } from "@std/assert";
import { DOORS, withPlace } from "../support/place.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { asNobody, whyNoOtherUser } from "../support/users.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");
const notRoot = ignore || whyNoOtherUser() !== undefined;

/** The longest path of a socket: it fills the address, and no NUL ends it (unix(7)). */
const LONGEST = 108;

for (const door of DOORS) {
  for (
    const [what, length, directory] of [
      ["as long as it may be", LONGEST, ""],
      ["in a directory whose path is as long as it may be", LONGEST - 1, "x"],
    ] as const
  ) {
    Deno.test(
      `${door}: a server's file at a path ${what} is removed at its close, and replaced when it is stale`,
      { ignore },
      () =>
        withPlace(door, async ({ python, names, path }) => {
          assertStrictEquals(path.length, length);
          assertStrictEquals(await python(programText("serve_and_close")), "True served\nFalse\n");
          assertEquals(names(), directory === "" ? [] : [path.split("/").at(-2)]);
          assertStrictEquals(await python(programText("leave")), "");
          assertStrictEquals(await python(programText("serve_and_close")), "True served\nFalse\n");
        }, { name: (elsewhere) => fill(directory, length - elsewhere.length - 1) }),
    );
  }
}

/** A name of `length` characters, or a directory of that many with a file in it. */
function fill(file: string, length: number): string {
  return file === "" ? "n".repeat(length) : `${"d".repeat(length - file.length - 1)}/${file}`;
}

Deno.test(
  "a relative path in a control file is left alone: whose directory it was seen from is not known",
  { ignore },
  () =>
    withPlace("preload", async ({ python, names }) => {
      assertStrictEquals(await python(programText("serve_and_close")), "True served\nTrue\n");
      assertEquals(names(), ["server"]);
      assertStrictEquals(
        await python(programText("serve_and_close")),
        "True served\nTrue\n",
        "the next bind takes its place",
      );
    }, { relative: true }),
);

Deno.test(
  "in a directory that may not be written to any more the file stays, and no lock",
  { ignore: notRoot },
  () =>
    withPlace("preload", async ({ python, names }) => {
      assertStrictEquals(await python(programText("as_nobody")), "True served\nTrue\n");
      assertEquals(names(), ["server"]);
    }, { everybody: true }),
);

Deno.test("in another user's directory with the sticky bit each user's own file is removed, and no lock file is left", {
  ignore: notRoot,
}, () =>
  withPlace("preload", async ({ python, names }) => {
    for (const as of [asNobody, undefined, asNobody]) {
      assertStrictEquals(await python(programText("serve_and_close"), as), "True served\nFalse\n");
      assertEquals(names(), []);
    }
    // Of somebody else's stale files there nothing can be removed.
    assertStrictEquals(await python(programText("as_nobody")), "True served\nTrue\n");
    assertEquals(names(), ["server"]);
  }, { everybody: true, mode: 0o1777 }));

Deno.test(
  "a server that has changed its root directory removes nothing there",
  { ignore: notRoot },
  () =>
    withPlace("preload", async ({ python, names }) => {
      assertStrictEquals(await python(programText("chroot")), "True\n");
      assertEquals(names(), ["server"]);
    }),
);
