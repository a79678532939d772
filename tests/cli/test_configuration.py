# SPDX-License-Identifier: Apache-2.0
"""What ``--config`` and ``--config-file`` make of a command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest
from osc_lib.exceptions import CommandError

from collectd_mgr.cli.configuration import add_options, configuration


def parsed(*argv: str) -> Any:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return configuration(parser.parse_args(argv))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("false", False),
        ("10", 10),
        ("0.5", 0.5),
        ('"10"', "10"),
        ("/var/lib", "/var/lib"),
        ("", ""),
        ("a=b", "a=b"),
        ("[1, 2]", [1, 2]),
        ('{"args": "x"}', {"args": "x"}),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
        ("[" * 100_000, "[" * 100_000),
        ("10.0.0.1", "10.0.0.1"),
    ],
)
def test_a_value_is_json_where_it_is_json(text: str, value: object) -> None:
    config = parsed("--config", f"Key={text}")
    assert config == {"Key": value}
    assert type(config["Key"]) is type(value)


def test_a_key_given_again_is_a_list_in_order() -> None:
    assert parsed("--config", "Disk=sda", "--config", "N=1", "--config", "Disk=sdb") == {"Disk": ["sda", "sdb"], "N": 1}


@pytest.mark.parametrize("pair", ["Disk", "=sda", ""])
def test_a_pair_without_key_or_value_is_an_error(pair: str) -> None:
    with pytest.raises(CommandError, match="KEY=VALUE"):
        parsed("--config", pair)


def test_a_name_twice_in_an_object_is_an_error_and_not_half_a_config(tmp_path: Path) -> None:
    block = '{"Instance": "a", "Instance": "b"}'
    (tmp_path / "twice.json").write_text(block)
    for given in (("--config", f"Page={block}"), ("--config-file", str(tmp_path / "twice.json"))):
        with pytest.raises(CommandError, match="'Instance' stands twice"):
            parsed(*given)


def test_nothing_given_is_nothing_sent() -> None:
    assert parsed() is None


def test_a_file_is_sent_as_its_text(tmp_path: Path) -> None:
    file = tmp_path / "df.conf"
    file.write_text('MountPoint "/"\n')
    assert parsed("--config-file", str(file)) == 'MountPoint "/"\n'


def test_a_json_file_is_sent_as_json(tmp_path: Path) -> None:
    file = tmp_path / "df.json"
    file.write_text('{"MountPoint": ["/", "/var"]}')
    assert parsed("--config-file", str(file)) == {"MountPoint": ["/", "/var"]}


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    deep = b"[" * 100_000
    for name, content in (("missing.conf", None), ("broken.json", b"{"), ("deep.json", deep), ("latin.conf", b"\xff")):
        file = tmp_path / name
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(CommandError, match=name):
            parsed("--config-file", str(file))
