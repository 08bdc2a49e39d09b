#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# own-tests.py TIMES: Python's own tests, those that Debian's python3 brings, so many times in a process of their own. It
# says how many tests there are and whether all of them passed, and ends at the first that fails.
import contextlib
import doctest
import importlib
import io
import os
import sys
import unittest

DOCUMENTED = ["collections", "decimal", "difflib", "doctest", "enum", "fractions", "heapq", "http.cookies", "json", "pickle",
	      "statistics", "zipfile"]
# They take seconds of interpreting, want a host that is called localhost, or write to where Python lies.
LEFT_OUT = ["test_args_from_interpreter_flags", "test_optim_args_from_interpreter_flags", "test_HOST", "test_bind_port",
	    "test_find_unused_port", "test_forget", "test_check__all__"]


def tests_in(suite):
	for test in suite:
		if isinstance(test, unittest.TestSuite):
			yield from tests_in(test)
		elif test.id().split(".")[-1] not in LEFT_OUT:
			yield test


def all_tests():
	suite = unittest.TestSuite(tests_in(unittest.defaultTestLoader.loadTestsFromName("test.test_support")))
	suite.addTests(doctest.DocTestSuite(importlib.import_module(name)) for name in DOCUMENTED)
	return suite


def run_once(suite):
	said = io.StringIO()
	with contextlib.redirect_stderr(io.StringIO()):
		result = unittest.TextTestRunner(stream=said).run(suite)
	print(f"{result.testsRun} tests, {'all passed' if result.wasSuccessful() else said.getvalue()}", flush=True)
	return 0 if result.wasSuccessful() else 1


suite = all_tests()
for _ in range(int(sys.argv[1])):
	child = os.fork()
	if child == 0:
		os._exit(run_once(suite))
	if os.waitpid(child, 0)[1] != 0:
		sys.exit(1)
