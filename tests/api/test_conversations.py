# SPDX-License-Identifier: Apache-2.0
"""Every YAML file of conversations, spoken with the real application."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gabbi import driver
from gabbi.driver import test_pytest as test_conversation

from tests.api import gabbi_fixtures


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    # gabbi gives its parameters to a function that is its own, and looks for that function here.
    directory = Path(__file__).with_name("conversations")
    driver.py_test_generator(
        str(directory),
        intercept=gabbi_fixtures.application,
        test_loader_name="api",
        fixture_module=gabbi_fixtures,
        metafunc=metafunc,
    )


__all__: list[Any] = ["test_conversation"]
