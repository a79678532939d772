# SPDX-License-Identifier: Apache-2.0
"""Strings and documents that try to break out of their place in a configuration."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from collectd_mgr.domain.grammar import Item
from collectd_mgr.domain.lexer import EXACT

_ESCAPES = [
    '"',
    '""',
    "\\",
    "\\\\",
    "\\\\\\",
    '\\"',
    '\\\\"',
    '"\\',
    '\\"\\',
    "'",
    "`",
    '"""',
    '\\\\\\"',
    "\n",
    "\r",
    "\r\n",
    "\n\r",
    "\\\n",
    "\\\r\n",
    "\\\\\n",
    "\n\n",
    "\t",
    "\b",
    "\v",
    "\f",
    " ",
    "  ",
    "\x7f",
    "\x01",
    "\x1b[31m",
]
_PAYLOADS = [
    "</Plugin>",
    "\n</Plugin>\n",
    '"\n</Plugin>\nLoadPlugin exec\n<Plugin exec>\nExec "nobody" "/bin/sh"\n',
    '">\n</Plugin>',
    '\\"\n</Plugin>\n',
    "\\\n</Plugin>\n",
    "\\\r\n</Plugin>\r\n",
    '"\r\n</Plugin>\r\n',
    "\n</plugin>\n",
    "\n< / Plugin >\n",
    "</Block>",
    '"\n</Block>\n</Plugin>\n<Plugin "x">\n<Block "y">\nOption "',
    "<Plugin>",
    "\n<Plugin exec>\n",
    '<Include "/etc/passwd">',
    '\nInclude "/etc/shadow"\n',
    '"\nInclude "/etc/shadow"\n',
    '\nPluginDir "/tmp"\n',
    '"\nTypesDB "/tmp/x"\nA "',
    "#",
    "# comment",
    "\n# comment",
    '" # comment',
    '"#',
    "a#b",
    "\\#",
    "\n#</Plugin>\n",
    '"\n#',
    "a \\",
    'a "',
    'a \\"',
    '"\\\n',
    '"\\\n"',
    '\\\n"',
    '"\\\r\n',
    'x"\\\n  y"\n',
    '\\\n\\\n"\\\n',
    '"\\\n\t</Plugin>\n',
    " \\\n ",
    "\\ \n",
    "\\\t\n",
    "1",
    "0",
    "-1",
    "+1",
    "1.5",
    ".5",
    "-0.0",
    "1e5",
    "1.0e+5",
    "0x1F",
    "010",
    "inf",
    "nan",
    "NaN",
    "Infinity",
    "1_000",
    "99999999999999999999",
    "true",
    "false",
    "yes",
    "no",
    "on",
    "off",
    "True",
    "null",
    "None",
    "127.0.0.1",
    "10.0.0.1:80",
    "::1",
    "[::1]:80",
    "fe80::1%eth0",
    "::",
    "1.2.3",
    "256.256.256.256",
    "/",
    "//",
    "/var/run/x",
    "<",
    ">",
    "<>",
    "</",
    "/>",
    "=",
    "a=b",
    "a-b",
    "{}",
    "[]",
    "$HOME",
    "${IFS}",
    "$(id)",
    "`id`",
    "%s%n%s",
    "*?[a]",
    "~",
    "|",
    ";",
    "&",
    "é",
    "日本語",
    "😀",
    "e\u0301",
    "\u2028",
    "\u2029",
    "\u0085",
    "\u00a0",
    "\ufeff",
    "\u202e",
    "\u200b",
    "\U0010ffff",
    "\ufffd",
    "\x80",
    "\xff",
    "ﬀ",
    "＂",
    "＜/Plugin＞",
]
_LONG = [
    "a" * 65536,
    '"' * 4097,
    "\\" * 8191,
    "\\" * 8192 + '"',
    "\n" * 16384,
    'x"\\\n' * 5000,
    "</Plugin>\n" * 2000,
    "é" * 32768,
    "a" * 16383 + '"',
    "a" * 16382 + "\\",
]

HOSTILE = ["", *_ESCAPES, *_PAYLOADS, *_LONG]

_spicy = st.lists(
    st.sampled_from(["\\", '"', "\n", "\r", "#", " ", "\t", "\b", "</Plugin>", "<", ">", "/", "a", "1", "é", "true"]),
    max_size=12,
).map("".join)
_plain = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
strings = _spicy | _plain | st.sampled_from([text for text in HOSTILE if len(text) < 1000])
numbers = st.integers(-EXACT, EXACT) | st.floats(allow_nan=False, allow_infinity=False).map(
    lambda number: int(number) if number.is_integer() and abs(number) <= EXACT and str(number) != "-0.0" else number
)
values = strings | numbers | st.booleans()
keys = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,12}", fullmatch=True).filter(
    lambda key: key not in {"true", "yes", "on", "false", "no", "off"}
)

_options = st.builds(Item, keys, st.lists(values, min_size=1, max_size=4).map(tuple))


def _blocks(inner: st.SearchStrategy[Item]) -> st.SearchStrategy[Item]:
    children = st.lists(inner, max_size=4).map(tuple)
    arguments = st.lists(values, max_size=3).map(tuple)
    return st.builds(Item, keys, arguments, children).filter(lambda item: bool(item.values or item.children))


items = st.recursive(_options, _blocks, max_leaves=12)
documents = st.lists(items, max_size=6).map(tuple)

#: A busy machine is no reason to fail.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)
