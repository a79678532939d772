# SPDX-License-Identifier: Apache-2.0
"""Every YAML file of conversations, spoken with the real application.

gabbi's own plugin for pytest takes every test with a colon in its name for one of gabbi's, so it is not used: a
file is a test here, which is what it is, since each request stands on those before it.
"""

from __future__ import annotations

import unittest
from pathlib import Path

import pytest
from gabbi import driver

from tests.api import gabbi_fixtures

_DIRECTORY = Path(__file__).with_name("conversations")
_SUITES = driver.build_tests(
    str(_DIRECTORY),
    unittest.TestLoader(),
    intercept=gabbi_fixtures.application,
    test_loader_name="api",
    fixture_module=gabbi_fixtures,
)


def _named(suite: unittest.TestSuite) -> str:
    """The file that a suite was made of: gabbi begins the name of every test with it."""
    return type(next(iter(suite))).__name__.partition("_")[0]


def test_every_file_is_spoken() -> None:
    assert sorted(map(_named, _SUITES)) == sorted(path.stem for path in _DIRECTORY.glob("*.yaml"))


@pytest.mark.parametrize("suite", list(_SUITES), ids=_named)
def test_conversation(suite: unittest.TestSuite) -> None:
    result = unittest.TestResult()
    suite.run(result)
    trouble = [f"{test}\n{text}" for test, text in result.failures + result.errors]
    assert not trouble, "\n".join(trouble)
    assert result.testsRun > 0
    assert not result.skipped
