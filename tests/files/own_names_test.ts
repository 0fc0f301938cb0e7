/** Stream sockets of one port on several addresses: their names, who gets whose, and what is left. */
import { assertEquals } from "@std/assert";
import { withDir } from "../support/dir.ts";
import { readFacts } from "../support/facts.ts";
import { programsOf } from "../support/program_text.ts";
import { need } from "../support/programs.ts";
import { python } from "../support/python.ts";
import { story } from "./own_names.ts";

const programText = programsOf(import.meta);

const ignore = !need("python3");

const EADDRINUSE = 98;
const ECONNREFUSED = 111;
const GOOD = { "answers by its address": true, "both see each other": true };

story(
  "each socket of a port has the name of its address, and plain clients reach the first one, or the one that they name",
  programText("names_of_addresses"),
  {
    names: [".9042@", ".9042@--1", ".9042@127.0.0.1", ".9042@127.0.0.2", ".9042@127.0.0.3", "9042.sock"],
    links: ["./.9042@127.0.0.2", "127.0.0.2 127.0.0.1 --1 127.0.0.3"],
    "127.0.0.1 reaches": [1, "127.0.0.1"],
    "127.0.0.2 reaches": [0, "127.0.0.2"],
    "127.0.0.3 reaches": [3, "127.0.0.3"],
    "::1 reaches": [2, "::1"],
    "127.0.0.9": ECONNREFUSED,
    "plain clients wait at": [1, 0, 1, 0],
  },
);

story(
  "when the first socket closes, the port link points to another one; with one socket left there is no record",
  programText("first_goes"),
  {
    links: ["./.9042@127.0.0.1", "127.0.0.1 127.0.0.2"],
    "names when the first has gone": [".9042@127.0.0.2", "9042.sock"],
    "links then": [".9042@127.0.0.2", ""],
    "its address then": ECONNREFUSED,
    "who waited is accepted": true,
    "127.0.0.2 reaches then": [0, "127.0.0.2"],
    "names when it is back": [".9042@", ".9042@127.0.0.1", ".9042@127.0.0.2", "9042.sock"],
    "links when it is back": ["./.9042@127.0.0.2", "127.0.0.2 127.0.0.1"],
    "both reach": [[1, "127.0.0.1"], [0, "127.0.0.2"]],
    "the other one again": EADDRINUSE,
    "names at the end": [".9042@127.0.0.2", "9042.sock"],
    "links at the end": [".9042@127.0.0.2", ""],
  },
);

story(
  "a killed server is removed from the record by the next bind or close, and its port is free",
  programText("killed"),
  {
    "links with a killed one": ["./.9042@127.0.0.1", "127.0.0.1 127.0.0.2"],
    "its address": ECONNREFUSED,
    "links with another in its place": ["./.9042@127.0.0.1", "127.0.0.1 127.0.0.2"],
    "its address reaches": [1, "127.0.0.2"],
    "names with a killed one alone": [".9042@127.0.0.1", "9042.sock"],
    "its address alone": ECONNREFUSED,
    "names with another address": [".9042@127.0.0.3", "9042.sock"],
    "links with another address": [".9042@127.0.0.3", ""],
    "that reaches": [0, "127.0.0.3"],
  },
);

story(
  "with UNSOCK_ONE_ADDRESS a connect to an address without a server reaches the port's first server",
  programText("one_address"),
  { "clients wait at": [1, 0], "without the first": [1] },
  "",
  { UNSOCK_ONE_ADDRESS: "1" },
);

story(
  "a server's own address survives exec, and its file is removed at its end",
  programText("executed"),
  {
    "after exec: its name": ["127.0.0.2", 9042],
    "after exec: the connection's name": ["127.0.0.2", 9042],
    "after exec: the peer is the client": true,
    "after exec: names when it has closed": [".9042@127.0.0.1", "9042.sock"],
    names: [".9042@127.0.0.1", "9042.sock"],
    links: [".9042@127.0.0.1", ""],
    "127.0.0.1 reaches": [0, "127.0.0.1"],
  },
);

story(
  "where a name with an address does not fit it is shortened",
  programText("shortened"),
  {
    "lengths of names": [7, 10, 12, 12, 12, 12, 12, 10],
    "each reaches its own": true,
    "127.0.0.2 again": EADDRINUSE,
    "127.250.251.252 again": EADDRINUSE,
    "::1 again": EADDRINUSE,
    "2001:db8:1:2:3:4:5:6 again": EADDRINUSE,
    "2001:db8:1:2:3:4:5:7 again": EADDRINUSE,
    "0.0.0.0 again": EADDRINUSE,
  },
  `/${"d".repeat(90 - "/tmp/u0123456789abcdef/".length)}`,
  { UNSOCK_ADDR: "127.0.0.0/8,0.0.0.0,::/0" },
);

story(
  "a program that receives sockets with addresses of their own knows the addresses and serves there",
  programText("handed_over"),
  {
    "stream at 127.0.0.1": GOOD,
    "stream at 127.0.0.2": GOOD,
    "datagrams at 127.0.0.1": GOOD,
    "datagrams at 127.0.0.2": GOOD,
    "names left": [],
  },
);

Deno.test("five processes that bind five addresses at once all get theirs", { ignore }, () =>
  withDir(async (dir) => {
    const program = programText("five_at_once");
    assertEquals(readFacts(await python(program, dir)), {
      bound: [true, true, true, true, true],
      "how many files": 7,
      "files left": [],
    });
  }));
