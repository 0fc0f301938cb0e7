/** The sockets bound to a port, and the rules that follow (`c/rules/port_record.c`): tables. */
import { answers } from "../support/port_names.ts";
import { need } from "../support/programs.ts";

const ignore = !need("cc");

Deno.test("two names exclude each other as TCP says", { ignore }, () =>
  answers([
    ["conflict 127.0.0.1 127.0.0.1", "yes"],
    ["conflict 127.0.0.1 127.0.0.2", "no"],
    ["conflict 127.0.0.1 0.0.0.0", "yes"],
    ["conflict 127.0.0.1 --", "no"],
    ["conflict 127.0.0.1 any", "yes"],
    ["conflict 0.0.0.0 --", "no"],
    ["conflict 0.0.0.0 any", "yes"],
    ["conflict --1 --", "yes"],
    ["conflict --1 --2", "no"],
    ["conflict --1 any", "yes"],
    ["conflict -- any", "yes"],
    ["conflict 127.0.0.1+1 127.0.0.1+2", "no"],
    ["conflict 127.0.0.1+1 127.0.0.1", "yes"],
    ["conflict 127.0.0.1+1 0.0.0.0+1", "no"],
    ["conflict any+1 127.0.0.1+7", "no"],
    // One that has waited shares nothing.
    ["conflict 127.0.0.1+100 127.0.0.1+1", "yes"],
    ["conflict 127.0.0.1+100 127.0.0.1+101", "yes"],
  ]));

const ONE = ".9042@127.0.0.1";
const TWO = "./.9042@127.0.0.1 127.0.0.1,127.0.0.2";
const SHARED = "./.9042@127.0.0.1+1 127.0.0.1+1,127.0.0.1+2";

Deno.test("a bind checks the conflicting sockets, and joins, is first, or is refused, and knows whether others live", {
  ignore,
}, () =>
  answers([
    ["bind - - - 127.0.0.1", "join first"],
    [`bind ${ONE} - ? 127.0.0.1`, "ask 127.0.0.1"],
    [`bind ${ONE} - + 127.0.0.1`, "refuse 127.0.0.1"],
    [`bind ${ONE} - x 127.0.0.1`, "join first"],
    [`bind ${ONE} - o 127.0.0.1`, "join first"],
    // The first one is asked in any case: PORT.sock may lead to a dead one.
    [`bind ${ONE} - ? 127.0.0.2`, "ask 127.0.0.1"],
    [`bind ${ONE} - + 127.0.0.2`, "join beside"],
    [`bind ${ONE} - x 127.0.0.2`, "join first"],
    [`bind ${ONE} - + 0.0.0.0`, "refuse 127.0.0.1"],
    [`bind ${ONE} - + --1`, "join beside"],
    [`bind ${TWO} +? 127.0.0.3`, "join beside"],
    [`bind ${TWO} +? 127.0.0.2`, "ask 127.0.0.2"],
    [`bind ${TWO} ++ any`, "refuse 127.0.0.1"],
    [`bind ${TWO} x? any`, "ask 127.0.0.2"],
    [`bind ${TWO} xx any`, "join first"],
    // Its file is there already: one of that name in the record was an older one's.
    [`bind ${ONE} - ? 127.0.0.1 bound`, "join first"],
    [`bind ${TWO} +? 127.0.0.2 bound`, "join beside"],
    [`bind ${SHARED} +? 127.0.0.1+3`, "join shares beside"],
    [`bind ${SHARED} +? 127.0.0.1`, "refuse 127.0.0.1+1"],
    // The target is one of them, if the record has lost it.
    ["bind ./.9042@127.0.0.9 127.0.0.1 ?? 127.0.0.9", "ask 127.0.0.9"],
    // Somebody's hand.
    ["bind ./.9042@127.0.0.1 - + 127.0.0.2", "refuse -"],
    ["bind ./.9042@127.0.0.1 127.0.0.1,,x + 127.0.0.2", "refuse -"],
  ]));

Deno.test("a close gives the port link to a live socket, if it pointed to the closed one or to a stale file", {
  ignore,
}, () =>
  answers([
    [`leave ${ONE} - ? 127.0.0.1`, "goes"],
    [`leave ${ONE} - + 127.0.0.2`, "stays"],
    [`leave ${TWO} ?? 127.0.0.1`, "ask 127.0.0.2"],
    [`leave ${TWO} ?+ 127.0.0.1`, "127.0.0.2"],
    [`leave ${TWO} ?x 127.0.0.1`, "goes"],
    [`leave ${TWO} ?? 127.0.0.2`, "stays"],
    [`leave ${TWO} x? 127.0.0.2`, "goes"],
    ["leave - - - 127.0.0.1", "stays"],
    ["leave /somewhere - - 127.0.0.1", "stays"],
  ]));

Deno.test(
  "a client tries its address, the family's wildcard, the wildcard of both families, and no others",
  { ignore },
  () =>
    answers([
      ["connect - - 127.0.0.1 0", ""],
      [`connect ${ONE} - 127.0.0.1 0`, "127.0.0.1"],
      [`connect ${ONE} - 127.0.0.2 0`, ""],
      [`connect ${ONE} - 127.0.0.2 0 one`, "127.0.0.1"],
      ["connect .9042@0.0.0.0 - 127.0.0.2 0", "0.0.0.0"],
      ["connect .9042@0.0.0.0 - ::1 0", ""],
      ["connect .9042@-- - 127.0.0.1 0", ""],
      ["connect .9042@any - 127.0.0.1 0", "any"],
      ["connect .9042@any - ::1 0", "any"],
      ["connect ./.9042@0.0.0.0+1 0.0.0.0+1,127.0.0.1+1,any+1 127.0.0.1 0", "127.0.0.1+1 0.0.0.0+1 any+1"],
      ["connect ./.9042@--1 --1,--+1,--+2 ::1 1", "--1 --+2 --+1"],
      // Any of those that share an address is the first one.
      [`connect ${SHARED} 127.0.0.1 0`, "127.0.0.1+1 127.0.0.1+2"],
      [`connect ${SHARED} 127.0.0.1 5`, "127.0.0.1+2 127.0.0.1+1"],
      [`connect ${TWO} 127.0.0.9 0 one`, "127.0.0.1 127.0.0.2"],
    ]),
);

Deno.test("a record has all that may live, in the order in which they came", { ignore }, () =>
  answers([
    [`write ${TWO} ++ 127.0.0.3`, "127.0.0.1 127.0.0.2 127.0.0.3"],
    [`write ${TWO} x? 127.0.0.3`, "127.0.0.2 127.0.0.3"],
    [`write ${ONE} - + --1`, "127.0.0.1 --1"],
    [`without ${SHARED} o+ 127.0.0.1`, "127.0.0.1+2"],
  ]));

const MARKED = "./.9042u@127.0.0.1+2 127.0.0.1*2,127.0.0.1*1";

Deno.test(
  "datagram sockets share an address where both have an option, whatever their names are",
  { ignore },
  () =>
    answers([
      ["conflict 127.0.0.1*1 127.0.0.1*2", "no"],
      ["conflict 127.0.0.1*0 0.0.0.0*0", "no"],
      ["conflict 127.0.0.1+1 127.0.0.1*2", "yes"],
      ["conflict 127.0.0.1+*1 127.0.0.1*2", "no"],
      ["conflict 127.0.0.1 127.0.0.1*1", "yes"],
      // Beside a client's port nobody else is bound.
      ["conflict 0.0.0.0,127.0.0.2 127.0.0.1", "yes"],
      ["conflict 0.0.0.0,127.0.0.2 --1", "yes"],
      ["bind .9042u@127.0.0.1 - + 127.0.0.1*0", "refuse 127.0.0.1"],
      ["bind ./.9042u@127.0.0.1 127.0.0.1*0 ? 127.0.0.1*0", "ask 127.0.0.1*0"],
      ["bind ./.9042u@127.0.0.1 127.0.0.1*0 + 127.0.0.1*0", "join shares beside"],
      ["bind ./.9042u@127.0.0.1 127.0.0.1*0 x 127.0.0.1*0", "join first records"],
      ["bind ./.9042u@127.0.0.1 127.0.0.1*0 = 127.0.0.1", "join first beside"],
      [`bind ${MARKED} +? 127.0.0.1*0`, "join shares beside"],
      [`bind ${MARKED} +? 127.0.0.1+0`, "refuse 127.0.0.1*2"],
      [`leave ${MARKED} ?+ 127.0.0.1*2`, "127.0.0.1*1"],
      [`leave ${MARKED} ?? 127.0.0.1*1`, "stays"],
    ], "udp"),
);

Deno.test(
  "a datagram goes to the connected socket, to the newest with SO_REUSEADDR, to any with SO_REUSEPORT, last to clients' sockets",
  { ignore },
  () =>
    answers([
      [`connect ${MARKED} 127.0.0.1 5`, "127.0.0.1*1 127.0.0.1*2"],
      [
        "connect ./.9042u@127.0.0.1+1 127.0.0.1*1,127.0.0.1*2,127.0.0.1*!3 127.0.0.1 0",
        "127.0.0.1*!3 127.0.0.1*2 127.0.0.1*1",
      ],
      ["connect ./.9042u@127.0.0.1+1 127.0.0.1+1,127.0.0.1+2 127.0.0.1 1", "127.0.0.1+2 127.0.0.1+1"],
      ["connect .9042u@0.0.0.0,127.0.0.2 - 127.0.0.9 0", "0.0.0.0,127.0.0.2"],
      ["connect .9042u@any,127.0.0.2 - ::1 0", "any,127.0.0.2"],
    ], "udp"),
);
