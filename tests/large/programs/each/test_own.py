"""A file of pytest's, test_NAME.py."""

from check import check


def test_own():
    check(__file__.rpartition("_")[2].removesuffix(".py"))
