"""A module of tests as CPython has them: one hangs, one kills the program, one fails only in a part of it."""

import os
import time
import unittest


class T(unittest.TestCase):
    def test_a(self):
        pass

    def test_b(self):
        time.sleep(100)

    def test_c(self):
        self.fail()

    def test_d(self):
        os.abort()

    def test_e(self):
        self.skipTest("no")

    @unittest.expectedFailure
    def test_f(self):
        self.fail()

    def test_g(self):
        with self.subTest(i=1):
            self.fail()


class U(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise OSError("no")

    def test_a(self):
        pass
