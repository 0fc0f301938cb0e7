"""Runs CPython's test modules and writes what each test did, a line of JSON at once, so that a hang or a crash loses nothing."""
import argparse
import faulthandler
import json
import os
import sys
import tempfile
import unittest

arguments = argparse.ArgumentParser()
arguments.add_argument("--report", required=True)
arguments.add_argument("--seconds", type=float, default=60)
arguments.add_argument("--only", help="a file of tests' names, one a line")
arguments.add_argument("modules", nargs="+")
arguments = arguments.parse_args()

report = open(arguments.report, "a", buffering=1)


def tell(name, status):
    report.write(json.dumps({"name": name, "status": status}) + "\n")


class Result(unittest.TextTestResult):
    def startTest(self, test):
        faulthandler.dump_traceback_later(arguments.seconds, exit=True)
        self.failed = False
        tell(test.id(), "unfinished")
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        faulthandler.cancel_dump_traceback_later()

    def addSuccess(self, test):
        super().addSuccess(test)
        if not self.failed:
            tell(test.id(), "pass")

    def addExpectedFailure(self, test, error):
        super().addExpectedFailure(test, error)
        tell(test.id(), "pass")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        tell(test.id(), "skip")

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._fail(test)

    def addError(self, test, error):
        super().addError(test, error)
        self._fail(test)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._fail(test)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            self._fail(test)

    def _fail(self, test):
        self.failed = True
        tell(test.id(), "fail")


def flatten(suite):
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            yield from flatten(one)
        else:
            yield one


def prune(suite, wanted):
    """Keeps the suite's shape, as classes and modules set things up by it."""
    kept = type(suite)() if isinstance(suite, unittest.TestSuite) else unittest.TestSuite()
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            kept.addTest(prune(one, wanted))
        elif one.id() in wanted:
            kept.addTest(one)
    return kept


os.chdir(tempfile.mkdtemp())
from test import support

support.use_resources = {"cpu": None, "walltime": None}
suite = unittest.defaultTestLoader.loadTestsFromNames(["test." + name for name in arguments.modules])
if arguments.only:
    with open(arguments.only) as file:
        suite = prune(suite, set(file.read().split("\n")))
unittest.TextTestRunner(verbosity=2, resultclass=Result).run(suite)
tell("", "end")
