/** Perl's, Tcl's and Ruby's own tests of sockets and of modules built on them. */
import { join } from "@std/path/posix";
import { readRuby, readTap, readTcl } from "./readers.ts";
import type { Part, Suite } from "./suite.ts";

const PERL = ["cpan/IO-Socket-IP", "dist/IO", "cpan/Socket", "cpan/libnet", "dist/Net-Ping", "cpan/HTTP-Tiny"];

export const PERL_CORE: Suite = {
  name: "perl",
  about: PERL.map((name) => `\`${name}\``).join(", "),
  source: "perl",
  programs: ["perl", "prove"],
  version: ["perl", "-e", "printf qq(Perl %vd\\n), $^V"],
  least: 800,
  prepare(tree) {
    return Promise.resolve(PERL.map((name): Part => ({
      name: name.replace(/.*\//, ""),
      cwd: join(tree, name),
      seconds: 300,
      command: () => ["prove", "-v", "t"],
      read: readTap,
    })));
  },
};

const TCL_FILES = ["socket", "http", "http11", "httpold", "chanio", "io", "event"];

export const TCL: Suite = {
  name: "tcl",
  about: TCL_FILES.map((name) => `\`${name}.test\``).join(", "),
  source: "tcl8.6",
  programs: ["tclsh8.6"],
  version: ["sh", "-c", "echo 'puts \"Tcl [info patchlevel]\"' | tclsh8.6"],
  least: 1_000,
  prepare(tree) {
    return Promise.resolve(TCL_FILES.map((name): Part => ({
      name,
      cwd: join(tree, "tests"),
      seconds: 300,
      command: () => ["tclsh8.6", `${name}.test`, "-verbose", "pass skip error start"],
      read: readTcl,
    })));
  },
};

const RUBY_TESTS = ["socket", "net", "drb", "rinda", "open-uri", "resolv", "fiber", "openssl/test_ssl.rb"];

export const RUBY: Suite = {
  name: "ruby",
  about: RUBY_TESTS.map((name) => `\`test/${name}\``).join(", "),
  source: "ruby3.3",
  programs: ["ruby"],
  version: ["ruby", "-e", "puts %(Ruby #{RUBY_VERSION})"],
  least: 700,
  prepare(tree) {
    const how = ["-Itool/lib", "-Itest", "test/runner.rb", "-v", "--show-skip", "--no-retry", "--test-order=sorted"];
    return Promise.resolve(RUBY_TESTS.map((name): Part => ({
      name: name.replace(/\.rb$/, ""),
      cwd: tree,
      seconds: 300,
      command: () => ["ruby", ...how, `test/${name}`],
      read: readRuby,
    })));
  },
};
