/** Datagram sockets of one port on several addresses: their names, who gets whose, and what is left. */
import { programsOf } from "../support/program_text.ts";
import { story } from "./own_names.ts";

const programText = programsOf(import.meta);

const EADDRINUSE = 98;

story(
  "each datagram socket of a port has the name of its address, and an address without a socket reaches none",
  programText("names_of_addresses"),
  {
    "one: names": [".9042u@127.0.0.2", "9042.dgram.sock"],
    "one: links": [".9042u@127.0.0.2", ""],
    "one: its address reaches": [0, "127.0.0.2"],
    "one: another address reaches it": null,
    "three: names": [".9042u@", ".9042u@--1", ".9042u@127.0.0.1", ".9042u@127.0.0.2", "9042.dgram.sock"],
    "three: links": ["./.9042u@127.0.0.2", "127.0.0.2 127.0.0.1 --1"],
    "three: 127.0.0.1 reaches": [1, "127.0.0.1"],
    "three: 127.0.0.2 reaches": [0, "127.0.0.2"],
    "three: ::1 reaches": [2, "::1"],
    "three: one client reaches": [[1, "127.0.0.1"], [0, "127.0.0.2"]],
    "three: 127.0.0.1 again": EADDRINUSE,
    "three: 127.0.0.2 again": EADDRINUSE,
    "three: 0.0.0.0 again": EADDRINUSE,
    "three: :: again": EADDRINUSE,
    "two: links": ["./.9042u@127.0.0.1", "127.0.0.1 --1"],
    "two: both reach": [[0, "127.0.0.1"], [1, "::1"]],
    "the last: names": [".9042u@--1", "9042.dgram.sock"],
    "the last: links": [".9042u@--1", ""],
    "the last: its address reaches": [0, "::1"],
  },
);

story(
  "with UNSOCK_ONE_ADDRESS all covered addresses are one, for datagrams, too, and replies come from the address that the client used",
  programText("one_address"),
  {
    one: [[0, "127.0.0.2"], [0, "127.0.0.9"], [0, "127.0.0.1"]],
    two: [[0, "127.0.0.2"], [0, "127.0.0.9"], [1, "127.0.0.1"]],
  },
  "",
  { UNSOCK_ONE_ADDRESS: "1" },
);

story(
  "a client's file is PORT.dgram.sock itself, or has its server's address in its name",
  programText("clients"),
  {
    "names of who asks 127.0.0.1": ["P.dgram.sock"],
    "names of who asks 127.0.0.2": [".Pu@0.0.0.0,127.0.0.2", "P.dgram.sock"],
    "names of who asks ::1": [".Pu@any,--1", "P.dgram.sock"],
    "names of who asks ::ffff:127.0.0.1": ["P.dgram.sock"],
    "who has asked the wildcard": ["127.0.0.1", "127.0.0.1", "127.0.0.1"],
    "who has asked ::1": "::1",
    "names of clients left": [],
  },
);

story(
  "sockets that share a datagram address get numbers, and the record has the option by which they share it",
  programText("shared_address"),
  {
    "SO_REUSEADDR, one": ["./.9042u@127.0.0.1", "127.0.0.1*0"],
    "SO_REUSEADDR, two": ["./.9042u@127.0.0.1+2", "127.0.0.1*2 127.0.0.1*1"],
    "their names": [".9042u@", ".9042u@127.0.0.1+1", ".9042u@127.0.0.1+2", "9042.dgram.sock"],
    "the second connects": "127.0.0.1*2 127.0.0.1*!1",
    "SO_REUSEPORT, two": ["./.9042u@0.0.0.0+1", "0.0.0.0+1 127.0.0.1+1"],
    "the second has closed": ["./.9042u@0.0.0.0+1", "0.0.0.0+1"],
  },
);

story(
  "a datagram socket's own address survives exec, and its file is removed at its end",
  programText("executed"),
  {
    "after exec: 127.0.0.1 answers by its address": true,
    "after exec: 127.0.0.1 sees the client": true,
    "after exec: 127.0.0.2 answers by its address": true,
    "after exec: 127.0.0.2 sees the client": true,
    "after exec: names when the second has closed": [".9042u@127.0.0.1", "9042.dgram.sock"],
    names: [".9042u@127.0.0.1", "9042.dgram.sock"],
    "127.0.0.1 reaches": [0, "127.0.0.1"],
  },
);

story(
  "the name of a datagram socket's address is shortened too",
  programText("shortened"),
  {
    "lengths of names": [8, 11, 13, 13, 13, 16],
    "IPv4 reaches": [[0, "127.0.0.1"], [1, "127.250.251.252"]],
    "::1 hears": "?",
    "2001:db8:1:2:3:4:5:6 hears": "?",
    "127.0.0.1 again": EADDRINUSE,
    "127.250.251.252 again": EADDRINUSE,
    "::1 again": EADDRINUSE,
    "2001:db8:1:2:3:4:5:6 again": EADDRINUSE,
    "0.0.0.0 again": EADDRINUSE,
    ":: again": EADDRINUSE,
  },
  `/${"d".repeat(90 - "/tmp/u0123456789abcdef/".length)}`,
  { UNSOCK_ADDR: "127.0.0.0/8,0.0.0.0,::/0" },
);
