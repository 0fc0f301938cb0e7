/** How other projects' tests are read: a test that did not run, or whose end nobody has seen, is never one that passed. */
import { assertEquals } from "@std/assert";
import { parseCounters } from "../../scripts/suites/namespace.ts";
import {
  readCurl,
  readGo,
  readPytest,
  readRedis,
  readReport,
  readRuby,
  readTap,
  readTcl,
  readTinytest,
  readVarnishtest,
} from "../../scripts/suites/readers.ts";
import type { Results, Status } from "../../scripts/suites/results.ts";

function assertRead(read: Results, expected: Record<string, Status>): void {
  assertEquals(Object.fromEntries(read), expected);
}

Deno.test("CPython: the last line about a test counts, and one that was only begun has not passed", () => {
  const output = `{"name": "test.test_socket.A.testOne", "status": "unfinished"}
{"name": "test.test_socket.A.testOne", "status": "pass"}
{"name": "test.test_socket.A.testTwo", "status": "unfinished"}
{"name": "test.test_socket.A.testTwo", "status": "fail"}
{"name": "test.test_socket.A.testTwo (i=1) \\"x\\"", "status": "skip"}
{"name": "test.test_socket.A.testThree", "status": "unfinished"}
{"name": "test.test_socket.A.testThree", "sta`;
  assertRead(readReport(output), {
    "test.test_socket.A.testOne": "pass",
    "test.test_socket.A.testTwo": "fail",
    'test.test_socket.A.testTwo (i=1) \\"x\\"': "skip",
    "test.test_socket.A.testThree": "unfinished",
  });
});

Deno.test("Perl: tests are named by file and description, what has none by its number, and equal names apart", () => {
  const output = `t/16v6only.t .......................... 
1..5
ok 1 - created server
not ok 2 - Unable to connect

#   Failed test 'Unable to connect'
ok 3
ok 4 - created server
ok 5 # SKIP no route
Dubious, test returned 1 (wstat 256, 0x100)
t/17.t .. 
ok 1 # skip as before
not ok 2 - later # TODO some day
t/18.t .. skipped: no IPv6
`;
  assertRead(readTap(output), {
    "t/16v6only.t: created server": "pass",
    "t/16v6only.t: Unable to connect": "fail",
    "t/16v6only.t: 3": "pass",
    "t/16v6only.t: created server #2": "pass",
    "t/16v6only.t: 5": "skip",
    "t/17.t: 1": "skip",
    "t/17.t: later": "pass",
  });
});

Deno.test("fastify: the loop prints a file's name before its TAP, and tests of two files may have one name", () => {
  const output = `test/listen.1.test.js ..
TAP version 13
# Subtest: closes
    # Subtest: at once
    ok 1 - at once
ok 1 - closes
test/esm/esm.test.mjs ..
TAP version 13
not ok 1 - closes
`;
  assertRead(readTap(output), { "test/listen.1.test.js: closes": "pass", "test/esm/esm.test.mjs: closes": "fail" });
});

Deno.test("node and libuv: a TAP line without a dash names the test, too", () => {
  const output = `TAP version 13
1..3
ok 1 parallel/test-dgram-close
  ---
  duration_ms: 323.04300
  ...
not ok 2 parallel/test-net-x
  ---
  severity: fail
  stack: |-
    ok 7 was printed by the test
  ...
ok 3 parallel/test-net-y # skip no IPv6 support
ok 1 - tcp_close
ok 1 - udp_multicast_join6 # SKIP No external IPv6 interface available
not ok 1 - nosuch
`;
  assertRead(readTap(output), {
    "parallel/test-dgram-close": "pass",
    "parallel/test-net-x": "fail",
    "parallel/test-net-y": "skip",
    tcp_close: "pass",
    udp_multicast_join6: "skip",
    nosuch: "fail",
  });
});

Deno.test("pytest: a name without a result is a test that hangs, and an error behind its end counts", () => {
  const output = `collecting ... collected 7 items

tests/test_a.py::A::test_ok PASSED                                       [ 14%]
tests/test_a.py::test_two[pyloop-a b] PASSED                             [ 28%]
tests/test_a.py::test_teardown PASSED                                    [ 42%]
tests/test_a.py::test_teardown ERROR                                     [ 42%]
tests/test_a.py::test_no SKIPPED (could not import 'isal': No modul...)  [ 57%]
tests/test_a.py::test_known XFAIL (later)                                [ 71%]
tests/test_a.py::test_bad FAILED                                         [ 85%]
tests/test_a.py::test_hangs ${"" /* where it was ended */}
FAILED tests/test_a.py::test_bad - AssertionError
`;
  assertRead(readPytest(output), {
    "tests/test_a.py::A::test_ok": "pass",
    "tests/test_a.py::test_two[pyloop-a b]": "pass",
    "tests/test_a.py::test_teardown": "fail",
    "tests/test_a.py::test_no": "skip",
    "tests/test_a.py::test_known": "pass",
    "tests/test_a.py::test_bad": "fail",
    "tests/test_a.py::test_hangs": "unfinished",
  });
});

Deno.test("Go: a test whose end was not printed is not finished, also after output without a newline", () => {
  const output = `\x16=== RUN   TestDialParallel
\x16=== RUN   TestDialParallel/0
\x16--- PASS: TestDialParallel/0 (0.01s)
\x16=== NAME  TestDialParallel
\x16--- PASS: TestDialParallel (0.49s)
\x16=== RUN   TestPrints
no newline\x16--- FAIL: TestPrints (0.00s)
    x_test.go:1: --- PASS: TestOther is what this line says
\x16=== RUN   TestSkipped
\x16--- SKIP: TestSkipped (0.00s)
\x16=== RUN   TestHangs
panic: test timed out after 7m0s
`;
  assertRead(readGo(output), {
    TestDialParallel: "pass",
    "TestDialParallel/0": "pass",
    TestPrints: "fail",
    TestSkipped: "skip",
    TestHangs: "unfinished",
  });
});

Deno.test("redis: colours and times are no part of a name, nor the place of a failure", () => {
  const ok = (text: string) => `[\x1b[0;32;49mok\x1b[0m]: ${text}\n`;
  const output = ok("CONFIG SET port number (176 ms)") + ok("PSYNC (no backlog) (3 ms)") +
    ok("PSYNC (no backlog) (4 ms)") +
    "[\x1b[0;31;49merr\x1b[0m]: Protocol desync in tests/unit/protocol.tcl\nExpected 1 (context: type eval)\n" +
    "[\x1b[0;31;49mexception\x1b[0m]: Executing test client: boo.\n" +
    "[\x1b[0;33;49mskip\x1b[0m]: Large memory flag not provided\n[1/2 \x1b[0;33;49mdone\x1b[0m]: unit/networking (2 seconds)\n";
  assertRead(readRedis(output), {
    "CONFIG SET port number": "pass",
    "PSYNC (no backlog)": "pass",
    "PSYNC (no backlog) #2": "pass",
    "Protocol desync": "fail",
    "Executing test client: boo.": "fail",
    "Large memory flag not provided": "skip",
  });
});

Deno.test("redis: what is done at random, again and again, is one test, which has failed if it ever did", () => {
  const kill = (which: string) => `PSYNC2 #3899 regression: kill ${which} replica`;
  const output = `[ok]: ${kill("first")} (1 ms)\n[ok]: ${kill("chained")} (1 ms)\n` +
    `[err]: ${kill("chained")} in tests/integration/psync2-reg.tcl\n[ok]: ${kill("chained")} (1 ms)\n[ok]: ${
      kill("first")
    } (0 ms)\n`;
  assertRead(readRedis(output), { [kill("first")]: "pass", [kill("chained")]: "fail" });
});

Deno.test("curl: a test is what its number and name say, and has passed when that is said behind it", () => {
  const output = `test 0001...[HTTP GET]
--pd---e--- OK (1   out of 10 , remaining: 00:10, took 1.127s, duration: 00:01)
test 0012...[HTTP range support]

 12: protocol FAILED!
 There was no content at all in the file log/server.input.
test 1451 SKIPPED: failed starting SMB server
test 1510...[HTTP GET connection cache limit (CURLOPT_MAXCONNECTS)]
--p---oe--- OK (1695 out of 1695, remaining: 00:00, took 0.110s, duration: 00:09)
test 1511...[HTTP]
`;
  assertRead(readCurl(output), {
    "1 HTTP GET": "pass",
    "12 HTTP range support": "fail",
    "1510 HTTP GET connection cache limit (CURLOPT_MAXCONNECTS)": "pass",
    "1511 HTTP": "unfinished",
  });
});

Deno.test("Tcl: a failure is told twice, and a test that was started has not passed", () => {
  const output = `---- socket-1.1 start
++++ socket-1.1 PASSED
---- socket-1.2 start


==== socket-1.2 Connect to localhost from ::1 FAILED
---- Return code should have been one of: 1
==== socket-1.2 FAILED

++++ socket-1.3 SKIPPED: doTestsWithRemoteServer
---- socket-1.4 start
`;
  assertRead(readTcl(output), {
    "socket-1.1": "pass",
    "socket-1.2": "fail",
    "socket-1.3": "skip",
    "socket-1.4": "unfinished",
  });
});

Deno.test("Ruby: which tests failed is told at the end, and without an end none has passed", () => {
  const begun = `[1/4] TestX#test_a = 0.00 s
[2/4] TestX#test_b = 0.00 s
[ 3/4] Test::Y#test_c? = 0.00 s
[ 4/4] TestX#test_d`;
  assertRead(readRuby(begun), {
    "TestX#test_a": "unfinished",
    "TestX#test_b": "unfinished",
    "Test::Y#test_c?": "unfinished",
    "TestX#test_d": "unfinished",
  });
  const whole = `${begun} = 0.00 s

  1) Failure:
TestX#test_a [/tmp/x.rb:3]:
Failed assertion, no message given.

  2) Error:
TestX#test_b:
RuntimeError: x

  3) Skipped:
Test::Y#test_c? [/tmp/x.rb:9]:
no

Finished tests in 0.017669s, 282.9743 tests/s, 679.1384 assertions/s.
`;
  assertRead(readRuby(whole), {
    "TestX#test_a": "fail",
    "TestX#test_b": "fail",
    "Test::Y#test_c?": "skip",
    "TestX#test_d": "pass",
  });
});

Deno.test("libevent: the word at a line's end counts, and a failure that comes later", () => {
  const output = `http/basic: [forking] OK
http/bad: [forking] 
  FAIL test/regress_http.c:12: assert(x)
  [bad FAILED]
thread/basic: [forking] [warn] something
OK
dns/x: SKIPPED
iocp/y: DISABLED
main/hangs: [forking] `;
  assertRead(readTinytest(output), {
    "http/basic": "pass",
    "http/bad": "fail",
    "thread/basic": "pass",
    "dns/x": "skip",
    "iocp/y": "skip",
    "main/hangs": "unfinished",
  });
});

Deno.test("HAProxy and Varnish: a file is a test, and the log of a failed one is none", () => {
  const output = `#    top  TEST reg-tests/a.vtc passed (0.276)
*    top   TEST reg-tests/b.vtc starting
*    top   TEST reg-tests/b.vtc FAILED
#    top  TEST reg-tests/b.vtc FAILED (0.246) exit=2
#    top  TEST reg-tests/c.vtc skipped (0.005)
#     top  TEST reg-tests/d.vtc timed out (60.000)
3 tests failed, 5 tests skipped, 11 tests passed
`;
  assertRead(readVarnishtest(output), {
    "reg-tests/a.vtc": "pass",
    "reg-tests/b.vtc": "fail",
    "reg-tests/c.vtc": "skip",
    "reg-tests/d.vtc": "fail",
  });
});

Deno.test("the kernel's counters are read by their names, those of IPv6 too", () => {
  const text = `Ip: Forwarding DefaultTTL
Ip: 2 64
Tcp: RtoAlgorithm ActiveOpens PassiveOpens AttemptFails MaxConn
Tcp: 1 17 15 2 -1
Udp: InDatagrams OutDatagrams
Udp: 9 11
Udp6InDatagrams                 	3
Udp6OutDatagrams                	4
`;
  assertEquals(parseCounters(text), { begun: 17, refused: 2, accepted: 15, datagrams: 15 });
});
