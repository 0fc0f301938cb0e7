/** Datagram sockets of one port on several addresses: their names, who gets whose, and what is left. */
import { programsOf } from "../support/program_text.ts";
import { story } from "./own_names.ts";

const programText = programsOf(import.meta);

story(
  "each datagram socket of a port has the name of its address, and an address that nobody has reaches nobody",
  programText("names_of_addresses"),
  "['.9042u@127.0.0.2', '9042.dgram.sock'] ['.9042u@127.0.0.2', ''] (0, '127.0.0.2')\nnothing\n" +
    "['.9042u@', '.9042u@--1', '.9042u@127.0.0.1', '.9042u@127.0.0.2', '9042.dgram.sock'] " +
    "['./.9042u@127.0.0.2', '127.0.0.2 127.0.0.1 --1']\n" +
    "[(1, '127.0.0.1'), (0, '127.0.0.2'), (2, '::1')]\n(1, '127.0.0.1') (0, '127.0.0.2')\n" +
    "98 98 98 98 ['./.9042u@127.0.0.1', '127.0.0.1 --1']\n" +
    "[(0, '127.0.0.1'), (1, '::1')]\n['.9042u@--1', '9042.dgram.sock'] ['.9042u@--1', ''] (0, '::1')\n",
);

story(
  "all covered addresses are one with UNSOCK_ONE_ADDRESS, for datagrams too, and the answer comes from the one that was asked",
  programText("one_address"),
  "[(0, '127.0.0.2'), (0, '127.0.0.9'), (0, '127.0.0.1')]\n[(0, '127.0.0.2'), (0, '127.0.0.9'), (1, '127.0.0.1')]\n",
  "",
  { UNSOCK_ONE_ADDRESS: "1" },
);

story(
  "a client has PORT.dgram.sock itself, or a name that tells whom it asks",
  programText("clients"),
  "['P.dgram.sock']\n['.Pu@0.0.0.0,127.0.0.2', 'P.dgram.sock']\n['.Pu@any,--1', 'P.dgram.sock']\n['P.dgram.sock']\n" +
    "['127.0.0.1', '127.0.0.1', '127.0.0.1'] ::1\n[]\n",
);

story(
  "those that share a datagram address get numbers, and the record tells how they share it",
  programText("shared_address"),
  "['./.9042u@127.0.0.1', '127.0.0.1*0']\n" +
    "['./.9042u@127.0.0.1+2', '127.0.0.1*2 127.0.0.1*1'] " +
    "['.9042u@', '.9042u@127.0.0.1+1', '.9042u@127.0.0.1+2', '9042.dgram.sock']\n" +
    "127.0.0.1*2 127.0.0.1*!1\n" +
    "['./.9042u@0.0.0.0+1', '0.0.0.0+1 127.0.0.1+1']\n['./.9042u@0.0.0.0+1', '0.0.0.0+1']\n",
);

story(
  "a datagram socket's own address survives exec, and its file goes with it",
  programText("executed"),
  "('127.0.0.1', 9042) True ('127.0.0.1', 9042)\n('127.0.0.2', 9042) True ('127.0.0.2', 9042)\n" +
    "['.9042u@127.0.0.1', '9042.dgram.sock']\n['.9042u@127.0.0.1', '9042.dgram.sock'] (0, '127.0.0.1')\n",
);

story(
  "the name of a datagram socket's address is shortened too",
  programText("shortened"),
  "[8, 11, 13, 13, 13, 16]\n[(0, '127.0.0.1'), (1, '127.250.251.252')]\n[b'?', b'?']\n98 98 98 98 98 98 ",
  `/${"d".repeat(90 - "/tmp/u0123456789abcdef/".length)}`,
  { UNSOCK_ADDR: "127.0.0.0/8,0.0.0.0,::/0" },
);
