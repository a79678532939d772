# SPDX-License-Identifier: Apache-2.0
"""The API with all that is behind it, for tests that want it for themselves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.service import Service


@pytest.fixture
def service() -> Iterator[Service]:
    """Nobody has an agent yet."""
    service = Service()
    yield service
    service.close()
