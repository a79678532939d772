# SPDX-License-Identifier: Apache-2.0
"""An option with nothing in it, as of a variable of a script that is not set, is no option that was not given."""

from __future__ import annotations

from argparse import Namespace

import pytest
from osc_lib.exceptions import CommandError

from collectd_mgr.cli import configuration, program


@pytest.mark.parametrize("kind", ["binary", "image"])
def test_a_program_without_a_name_is_for_the_api_to_refuse(kind: str) -> None:
    args = Namespace(binary=None, image=None, as_configured=False)
    assert program.asked(args) == {}
    setattr(args, kind, "")
    assert program.asked(args) == {kind: ""}


def test_a_file_without_a_name_is_none_that_can_be_read() -> None:
    assert configuration.configuration(Namespace(config=[], config_file=None)) is None
    with pytest.raises(CommandError):
        configuration.configuration(Namespace(config=[], config_file=""))
