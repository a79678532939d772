# SPDX-License-Identifier: Apache-2.0
"""What a user asks for: a request, and what is to be expected of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.functional.deployment import Answer

#: What is set: ``("plugins", "memory")``, or a section and a name in it.
Subject = tuple[str, str]


@dataclass
class Asked:
    """``reason`` is of this request alone, so that its operation is found though the answer was lost.

    :param path: below the host
    :param subject: what it sets for good, if anything
    :param to: the generation that it reverts to
    :param hopeless: it is refused, or its operation fails
    """

    reason: str
    host: str
    method: str
    path: str = ""
    body: dict[str, Any] = field(default_factory=dict)
    subject: Subject | None = None
    to: int | None = None
    hopeless: bool = False
    answer: Answer | None = None

    @property
    def sets_for_good(self) -> bool:
        """A lease lies above what is set for good, and goes."""
        return self.to is not None or (self.subject is not None and "expires_in" not in self.body)
