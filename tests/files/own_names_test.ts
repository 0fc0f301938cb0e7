/** Stream sockets of one port on several addresses: their names, who gets whose, and what is left. */
import { assertStrictEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";
import { story } from "./own_names.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

story(
  "each socket of a port has the name of its address, and plain clients reach the first, or whom they name",
  programText("names_of_addresses"),
  "['.9042@', '.9042@--1', '.9042@127.0.0.1', '.9042@127.0.0.2', '.9042@127.0.0.3', '9042.sock']\n" +
    "['./.9042@127.0.0.2', '127.0.0.2 127.0.0.1 --1 127.0.0.3']\n" +
    "[(1, '127.0.0.1'), (0, '127.0.0.2'), (3, '127.0.0.3'), (2, '::1')] 111\n[1, 0, 1, 0]\n",
);

story(
  "when the first one goes the port leads to another, and there is no record when one is left",
  programText("first_goes"),
  "['./.9042@127.0.0.1', '127.0.0.1 127.0.0.2']\n['.9042@127.0.0.2', '9042.sock'] ['.9042@127.0.0.2', ''] 111\n" +
    "True (0, '127.0.0.2')\n" +
    "['.9042@', '.9042@127.0.0.1', '.9042@127.0.0.2', '9042.sock'] ['./.9042@127.0.0.2', '127.0.0.2 127.0.0.1'] " +
    "(1, '127.0.0.1') (0, '127.0.0.2')\n98\n" +
    "['.9042@127.0.0.2', '9042.sock'] ['.9042@127.0.0.2', '']\n",
);

story(
  "who was killed is out of the record with the next that comes or goes, and its port is free",
  programText("killed"),
  "['./.9042@127.0.0.1', '127.0.0.1 127.0.0.2'] 111\n['./.9042@127.0.0.1', '127.0.0.1 127.0.0.2'] (1, '127.0.0.2')\n" +
    "['.9042@127.0.0.1', '9042.sock'] 111\n['.9042@127.0.0.3', '9042.sock'] ['.9042@127.0.0.3', ''] (0, '127.0.0.3')\n",
);

story(
  "with UNSOCK_ONE_ADDRESS an address that nobody has leads to whoever came first",
  programText("one_address"),
  "[1, 0]\n[1]\n",
  "",
  { UNSOCK_ONE_ADDRESS: "1" },
);

story(
  "a server's own address survives exec, and its file goes with it",
  programText("executed"),
  "('127.0.0.2', 9042) ('127.0.0.2', 9042) True\n['.9042@127.0.0.1', '9042.sock']\n" +
    "['.9042@127.0.0.1', '9042.sock'] ['.9042@127.0.0.1', ''] (0, '127.0.0.1')\n",
);

story(
  "where a name with an address does not fit it is shortened",
  programText("shortened"),
  "[7, 10, 12, 12, 12, 12, 12, 10]\nTrue\n98\n98\n98\n98\n98\n98\n",
  `/${"d".repeat(90 - "/tmp/u0123456789abcdef/".length)}`,
  { UNSOCK_ADDR: "127.0.0.0/8,0.0.0.0,::/0" },
);

story(
  "sockets with addresses of their own are handed to another program, which tells the addresses and serves there",
  programText("handed_over"),
  "('127.0.0.1', 9042) True True True\n('127.0.0.2', 9042) True True True\n".repeat(2) + "[]\n",
);

Deno.test("five processes that bind five addresses at once all get theirs", { ignore }, () =>
  withDir(async (dir) => {
    const program = programText("five_at_once");
    assertStrictEquals(await python(program, dir), "[b'b', b'b', b'b', b'b', b'b'] 7\n[]\n");
  }));
