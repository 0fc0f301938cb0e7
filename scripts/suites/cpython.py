"""Runs CPython's test modules. Writes each result at once, as a line of JSON, so that a hang or a crash loses nothing.

The tests run in a child. If a test hangs or crashes, a new child continues with the next test.
"""

import argparse
import faulthandler
import json
import os
import tempfile
import unittest

MOST_CHILDREN = 10


class Report:
    """The file of results: the child that runs tests writes it, and the parent reads it."""

    def __init__(self, path):
        self.path = path
        open(path, "w").close()
        self.file = open(path, "a", buffering=1)

    def tell(self, name, status):
        self.file.write(json.dumps({"name": name, "status": status}) + "\n")

    def begun(self):
        with open(self.path) as file:
            return {json.loads(line)["name"] for line in file}


class Result(unittest.TextTestResult):
    report = None
    seconds = None

    def startTest(self, test):
        faulthandler.dump_traceback_later(self.seconds, exit=True)
        self.failed = False
        self.report.tell(test.id(), "unfinished")
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        faulthandler.cancel_dump_traceback_later()

    def addSuccess(self, test):
        super().addSuccess(test)
        if not self.failed:
            self.report.tell(test.id(), "pass")

    def addExpectedFailure(self, test, error):
        super().addExpectedFailure(test, error)
        self.report.tell(test.id(), "pass")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.report.tell(test.id(), "skip")

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
        self.report.tell(test.id(), "fail")


def prune(suite, wanted):
    """Removes unwanted tests, but keeps the suites around them: they set up classes and modules."""
    kept = type(suite)()
    for one in suite:
        if isinstance(one, unittest.TestSuite):
            kept.addTest(prune(one, wanted))
        elif wanted(one.id()):
            kept.addTest(one)
    return kept


def run(modules, wanted):
    os.chdir(tempfile.mkdtemp())
    from test import support

    # Tests with a local server need "network", too. Tests of outside servers then run, and fail soon.
    support.use_resources = {"cpu": None, "walltime": None, "network": None}
    suite = unittest.defaultTestLoader.loadTestsFromNames(["test." + name for name in modules])
    unittest.TextTestRunner(verbosity=2, resultclass=Result).run(prune(suite, wanted))


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--report", required=True)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--only", help="a file of tests' names, one a line")
    options.add_argument("modules", nargs="+")
    options = options.parse_args()
    only = None
    if options.only:
        with open(options.only) as file:
            only = set(file.read().split("\n"))
    Result.seconds = options.seconds
    Result.report = Report(options.report)
    for _ in range(MOST_CHILDREN):
        begun = Result.report.begun()
        child = os.fork()
        if child == 0:
            run(options.modules, lambda name: name not in begun and (only is None or name in only))
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            break


if __name__ == "__main__":
    main()
