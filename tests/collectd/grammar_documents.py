# SPDX-License-Identifier: Apache-2.0
"""Documents to read with two parsers: corners of the grammar, and random ones."""

from __future__ import annotations

from random import Random

from collectd_mgr.domain.grammar import Item
from tests.unit.domain.grammar_corpus import HOSTILE

CORNERS = [
    "",
    "\n",
    "#",
    "# x",
    "\\\n",
    "\\\r\n",
    "\r",
    "\r\n",
    " \t\b",
    "A 1",
    "A 1\n",
    "A 1\r\n",
    "A 1\r",
    "A\n",
    "A 1 # c",
    "A 1 # c\\\nB 2\n",
    '"A" 1\n',
    "true 1\n",
    "12 1\n",
    "0x1 1\n",
    "1.5 1\n",
    "1.2.3.4 1\n",
    "::1 1\n",
    "a1 1\n",
    "1a 1\n",
    "_ 1\n",
    "é 1\n",
    "aé 1\n",
    "True 1\n",
    "A /x\n",
    "A =1\n",
    "A =\n",
    "A é\n",
    "A (1)\n",
    "A 1;2\n",
    "A 1,2\n",
    "A 'b c'\n",
    "A b\\c\n",
    "A \\\n1\n",
    "A \\ \n1\n",
    "A\\\n1\n",
    "A b\\\nc\n",
    "<A>\n</A>\n",
    "<A 1>\n</A>\n",
    "<A 1>\nB 2\n</A>\n",
    "<A>\n\n</A>\n",
    "<A>\n<B>\n</B>\n</A>\n",
    "<A>\n</a>\n",
    "<A>\n</B>\n",
    "<A>\n",
    "</A>\n",
    "< A >\nB 1\n< / A >\n",
    "<A\n>\nB 1\n</A>\n",
    "<A\\\n1>\nB 1\n</A>\n",
    "<A> # c\nB 1\n</A> # c\n",
    "<A>B 1\n</A>\n",
    "<A>\nB 1</A>\n",
    "<A>\nB 1\n</A>",
    "<A>\r\nB 1\r\n</A>\r\n",
    "<A/>\n",
    "<A></A>\n",
    "<A 1>\n</A 1>\n",
    "<>\n</>\n",
    "<1>\nB 1\n</1>\n",
    "<true>\nB 1\n</true>\n",
    "<1.2.3.4>\nB 1\n</1.2.3.4>\n",
    '<"A">\nB 1\n</"A">\n',
    "A b>\n",
    "A <b\n",
    "A 1 > 2\n",
    '<A 1 2 x "y" yes>\nB 1\n</A>\n',
    "<<A>>\n",
    "<A>>\n</A>\n",
    'A "',
    'A "\n',
    'A "b\n',
    'A "b\nc"\n',
    'A "b" c"\n',
    'A b"c"d\n',
    'A "b""c"\n',
    'A "\\"\n',
    'A "\\""\n',
    'A "\\\\"\n',
    'A "\\\\\\"\n',
    'A "\\n\\t\\x"\n',
    'A "b\\\nc"\n',
    'A "b\\\n  \t\bc"\n',
    'A "b\\\r\nc"\n',
    'A "b\\\r\nc\\\nd"\n',
    'A "b\\\nc\\\r\nd"\n',
    'A "b\\\n"\n',
    'A "b\\\n""\n',
    'A "b\\\n"c"\n',
    'A "b\\\n\\\nc"\n',
    'A "b\\\n\\\n\\\nc"\n',
    'A "b\\\n\\"\n',
    'A "b\\\n\\"c"\n',
    'A "b\\\n \\"\n',
    'A "b\\\n\n\nc"\n',
    'A "b\\\n#c"\n',
    'A "b\\\nc\\\n  d\\\n  e" 2\n',
    'A "b\\\nc" "d\\\ne"\n',
    'A "b\\\n c" # "\n',
    'A "b\\\n\\\\\nc"\n',
    'A "b\\\\\nc"\n',
    'A "b\\\n\r\nc"\n',
    'A "b\\\nx\\\ry"\n',
    'A "b\\\n/"\n',
    "\n".join(f'A{n} "{n}"' for n in range(20_000)) + "\n",
    'A "' + "x" * 1_000_000 + '"\n',
    "A" * 70_000 + " 1\n",
    "A " + " ".join(str(n) for n in range(20_000)) + "\n",
    "<A>\n" * 60 + "B 1\n" + "</A>\n" * 60,
    *[
        f'A "{"x" * size}" "\\"{"y" * size}"\n'
        for size in (2045, 4093, 8189, 8190, 8191, 8192, 16381, 16382, 16383, 16384)
    ],
    *[f'A "{"x" * size}\\\n  y" 1\n' for size in (8189, 8190, 16380, 16381, 16382, 16383)],
]

#: What collectd reads in part and in silence, and we refuse.
STRICTER = [
    'A "\\\n\\\\"\n',
    'A 1\n"abc\\\ndef',
    'A 1\n"abc\\\r\n def',
    'A "b\0c"\n',
    "<A>\n" * 65 + "B 1\n" + "</A>\n" * 65,
]

_WORDY = [
    *"0123456789abcdefxXeE.:+-_[]/",
    "::",
    "0x",
    "255",
    "256",
    "65535",
    "65536",
    "true",
    "on",
    "no",
    "1.2.3.4",
    "ffff",
    "fe80",
    ":80",
    "1.5",
    "e+5",
]
_SOUP = [
    "A",
    "B 1",
    'C "x"',
    "1",
    "true",
    '"',
    "\\",
    "\\\n",
    "\\\r\n",
    "\n",
    "\n",
    "\r\n",
    " ",
    "\t",
    "\b",
    "#",
    "<A>\n",
    "</A>\n",
    "<B 1>\n",
    "</B>\n",
    "<",
    ">",
    "/",
    '"y"',
    '\\"',
    "=",
    "é",
    "::1",
    "A 1\n",
    'B "\\\n  z"\n',
    "<A>\nB 1\n</A>\n",
    "# c\n",
    '"\n',
    '" "',
    "\r",
]
_KEYS = ["A", "b", "Plugin", "Host_1", "x9", "_", "Truely", "one", "e5", "f00"]


def words(random: Random, count: int) -> list[str]:
    """Unquoted words that are nearly numbers, booleans or addresses."""
    return ["".join(random.choices(_WORDY, k=random.randint(1, 9))) for _ in range(count)]


def soups(random: Random, count: int) -> list[str]:
    """Half of them broken, half of them good."""
    soup = ["".join(random.choices(_SOUP, k=random.randint(1, 14))) for _ in range(count // 2)]
    return soup + [_damaged(random, _good(random, 0)) for _ in range(count - count // 2)]


def _good(random: Random, depth: int) -> str:
    """Statements in the notation of people: comments, continuations, indentation, words without quotes."""
    lines = []
    for _ in range(random.randint(1, 3)):
        arguments = "".join(
            _gap(random) + random.choice(["1", "x", '"y z"', '"\\"\\\\"', "yes", "::1", '"a\\\n\t b"', "-1.5"])
            for _ in range(2)
        )
        key, end = random.choice(_KEYS), random.choice(["\n", "\r\n", " # c\n", " \n\n"])
        inner = _good(random, depth + 1) if depth < 3 and random.random() < 0.4 else None
        lines.append(f"{key}{arguments}{end}" if inner is None else f"<{key}{arguments}>{end}{inner}</{key}>{end}")
    return "".join(lines)


def _gap(random: Random) -> str:
    return random.choice([" ", "  ", "\t", " \\\n ", " \\\r\n"])


def _damaged(random: Random, text: str) -> str:
    """At times with one character gone, doubled or replaced."""
    place = random.randrange(len(text))
    middle = random.choice([text[place], text[place], "", text[place] * 2, random.choice(_SOUP)])
    return text[:place] + middle + text[place + 1 :]


def trees(random: Random, count: int) -> list[tuple[Item, ...]]:
    return [tuple(_item(random, 0) for _ in range(random.randint(1, 4))) for _ in range(count)]


def _item(random: Random, depth: int) -> Item:
    values = tuple(_value(random) for _ in range(random.randint(1, 4)))
    if depth > 3 or random.random() < 0.5:
        return Item(random.choice(_KEYS), values)
    return Item(random.choice(_KEYS), values, tuple(_item(random, depth + 1) for _ in range(random.randint(0, 3))))


def _value(random: Random) -> str | float | bool:
    numbers = [
        random.randint(-(2**53), 2**53),
        random.uniform(-1e9, 1e9),
        random.random() * 10.0 ** random.randint(-300, 300),
    ]
    spicy = "".join(
        random.choices(
            ['"', "\\", "\n", "\r", "a", " ", "#", "é", "😀", "</A>", "\\\n", "\x01"], k=random.randint(0, 8)
        )
    )
    anything: list[str | float | bool] = [*numbers, True, False, spicy, spicy, random.choice(HOSTILE[:150])]
    return random.choice(anything)
