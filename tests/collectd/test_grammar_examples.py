# SPDX-License-Identifier: Apache-2.0
"""Every example in collectd's manual and in its sample files, as its package installs them."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from collectd_mgr.domain import config
from collectd_mgr.domain.effective import effective
from collectd_mgr.domain.grammar import parse, render
from collectd_mgr.domain.include import Located
from tests.collectd.grammar_daemon import differences, parsed_by_us

MANUAL = sorted(Path("/usr/share/man/man5").glob("collectd*.5.gz"))
SAMPLES = sorted(Path("/usr/share/doc/collectd-core/examples").glob("*.conf"))

# The manual's own slips: a placeholder in angle brackets with a block that is never closed, and prose in between.
BROKEN = ["<Plugin curl_jolokia>\n   <URL ", "<Plugin sysevent>\n    Listen"]

# Slips of the sample, refused by collectd, too: ends of blocks that lack their slash or have another name.
SLIPS = {
    "\t<Publish>\n": "\t</Publish>\n",
    "\t<View>\n": "\t</View>\n",
    "Timeout 1000\n\t<Node>\n": "Timeout 1000\n\t</Node>\n",
    "\t\tCollectContextSwitch true\n\t</Process>\n": "\t\tCollectContextSwitch true\n\t</ProcessMatch>\n",
}


def examples() -> list[str]:
    """What the manual sets verbatim: configurations, and some things that are none."""
    pages = [gzip.decompress(path.read_bytes()).decode() for path in MANUAL]
    return [
        typed(text) for page in pages for text in re.findall(r"^\.Vb.*?\n(.*?)^\.Ve", page, re.DOTALL | re.MULTILINE)
    ]


def typed(roff: str) -> str:
    """roff's escapes for what a person would type."""
    escapes = {
        r"\e": "\\",
        r"\-": "-",
        r"\&": "",
        r"\`": "`",
        r"\ ": " ",
        r"\*(C`": '"',
        r"\*(C'": '"',
        r"\*(Aq": "'",
        r"\(aq": "'",
    }
    return re.sub(r"\\(?:\*\(..|\(..|.)", lambda escape: escapes[escape.group()], roff)


def sample() -> str:
    """The sample configuration with every example in it switched on."""
    text = Path("/usr/share/doc/collectd-core/examples/collectd.conf").read_text()
    statements = re.sub(r"^#(?![ #-])", "", text, flags=re.MULTILINE)
    options = re.sub(r"^(\s+)#(?=[A-Z<])", r"\1", statements, flags=re.MULTILINE)
    for wrong, right in SLIPS.items():
        options = options.replace(wrong, right)
    return options


def is_configuration(text: str) -> bool:
    return bool(re.search(r"^\s*(<(Load)?Plugin\b|LoadPlugin |<Chain |<Include )", text, re.MULTILINE))


def test_every_example_of_the_manual_is_read_as_collectd_reads_it() -> None:
    texts = examples()
    assert len(texts) > 150
    assert differences(texts) == []


def test_every_configuration_in_the_manual_is_accepted() -> None:
    configurations = [text for text in examples() if is_configuration(text)]
    assert len(configurations) > 80
    refused = [text for text in configurations if parsed_by_us(text) is None]
    assert [text for text in refused if not any(slip in text for slip in BROKEN)] == []


def test_the_sample_files_are_read_as_collectd_reads_them() -> None:
    assert {"collectd.conf", "filters.conf", "thresholds.conf", "snmp-data.conf"} <= {path.name for path in SAMPLES}
    texts = [path.read_text() for path in SAMPLES]
    assert differences([*texts, sample()]) == []


def test_the_whole_sample_is_accepted() -> None:
    done = effective(Located(item, "sample") for item in parse(sample()))
    assert len(done.plugins) > 120
    assert len([plugin for plugin in done.plugins.values() if plugin.items]) > 80
    assert len(done.options) > 10


@pytest.mark.parametrize(
    "name", ["collectd.conf", "filters.conf", "thresholds.conf", "snmp-data.conf", "GenericJMX.conf"]
)
def test_a_sample_survives_every_form(name: str) -> None:
    (path,) = [path for path in SAMPLES if path.name == name]
    for text in (path.read_text(), sample()):
        items = parse(text)
        assert parse(render(items)) == items
        assert config.from_json(config.to_json(items)) == items
