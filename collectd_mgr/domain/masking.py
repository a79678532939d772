# SPDX-License-Identifier: Apache-2.0
"""What betrays a secret in a text, and the text without it. Where it is not sure, it counts as one.

A name that is called like one (``password``, ``api_key``, ``X-Auth-Token``) before a value, in any of the forms that
URLs, connect strings, headers, JSON, XML, arguments and collectd.conf have; who somebody is in a URL, or logs in as; a
parameter of a URL that is no plain word or number; a private key.
"""

from __future__ import annotations

import re

#: What a reader sees in the place of a secret; sent back, it means "as it is".
MASK = "********"

_WORD = (
    r"[\w.-]*(?:pass(?:word|wd|phrase|code)?|secret|community|token|credential|authorization|auth|cookie|bearer|jwt|psk"
    r"|signature|hmac|otp|jaas\.config|key|key\.pem|pwd|pw)(?:_?(?:value|string|text|hash|data)|s)?\d*"
)

_NAME = re.compile(_WORD, re.IGNORECASE)

#: Called like keys, and known to be something else: a path, a word of the bus.
_NO_SECRETS = frozenset(
    {"clientkey", "indexkey", "routingkey", "sslkey", "tlsclientkey", "tlskey", "bypass", "compass", "monkey"}
)

#: Headers that tell nothing; of any other the value is masked.
_PLAIN_HEADERS = frozenset(
    {"accept", "accept-encoding", "accept-language", "cache-control", "connection", "content-type"}
)

#: A parameter of a URL that can be shown, if its name does not say otherwise.
_PLAIN = re.compile(r"[a-z][a-z_.,-]{0,15}|[0-9]{1,6}|[Tt]rue|[Ff]alse|")

# Each pattern begins where a word begins, and nowhere within it, and goes on for a bounded length where others could
# begin within it: otherwise a long text costs the square of its length.

#: All before the last ``@`` of what may be the authority: either half may be a token, and a password may hold a ``/``.
_USERINFO = re.compile(
    r"(?<![a-z0-9+.-])(?P<before>[a-z][a-z0-9+.-]*://)"
    r"(?:[^\s/?#\"']{1,1000}|[^\s/?#:@\"']{0,200}:(?![0-9]+[/?#])[^\s\"']{1,200})(?=@)",
    re.IGNORECASE,
)

_QUERY = re.compile(r"(?<=[?&#;])(?P<before>[^\s=&#;?\"'<>]*)(?P<value>=[^\s&#;\"'<>]*)?")

_URL = re.compile(r"(?<![a-z0-9+.-])[a-z][a-z0-9+.-]*://[^\s?#\"'<>]{0,300}[?#][^\s\"'<>]*", re.IGNORECASE)

_STRING = r'"(?:[^"\\]|\\.)*"?'

#: Between a name, which may be in quotes itself (in a string of JSON, with backslashes), and its value.
_EQUALS = r"(?:\\*[\"']\]?)?\s*(?::=|=[=>]|=(?![=>])|%3D)\s*"
_COLON = r"(?:\\*[\"'])?\s*:(?!=)\s*"

#: What may stand before a secret, and is none; in brackets, as Go writes a header.
_KIND = r"(?:\[?(?:Basic|Bearer|Digest|Negotiate|Token) +)?"

#: ``name="password" value="hunter2"``, and the same of JSON.
_PAIR = (
    rf"(?:name|key)(?:\\*[\"'])?\s*[:=]\s*\\*[\"']{_WORD}\\*[\"'](?:\s*,)?\s*(?:\\*[\"'])?value(?:\\*[\"'])?\s*[:=]\s*"
)

#: ``password="hunter2"``, of XML, YAML, JSON, a connect string, arguments, in a message or in a string of JSON. A quote
#: that ends a line opens nothing: it closes a string that the name is the last word of. Before a letter it closes none.
_QUOTED = re.compile(
    rf"(?<![\w.-])(?P<before>(?:{_PAIR}|{_WORD}(?:{_EQUALS}|{_COLON})|--{_WORD} +)b?"
    r"(?P<escape>\\+)?(?P<quote>''(?=[\w*])|\"\"(?=[\w*])|[\"'])(?![ \t]*>?[ \t]*$))"
    r"(?(escape)(?:(?P=escape)\\+(?P=quote)|\\*(?P=quote)(?=\w)|\\+(?!\\|(?P=quote))|(?!(?P=quote))[^\\])*"
    r"|(?:\\.|(?!(?P=quote))[^\\]|(?P=quote){1,2}(?=\w))*)",
    re.IGNORECASE | re.DOTALL | re.MULTILINE,
)

#: What the pattern before has masked, or left.
_IN_QUOTES = r"(?:\\*[\"']|b[\"']\*)"

#: Without quotes, or as ODBC has it: ``PWD={hun ter2}``. A quote in a word, or a comma before no name, is of the value.
_ASSIGNED = re.compile(
    rf"(?<![\w.-])(?P<before>{_WORD}"
    rf"(?:{_EQUALS}|:(?![:/]|[0-9]{{1,5}}\b)){_KIND})(?!{_IN_QUOTES})"
    r"(?:\{(?:[^}]|\}\})*\}?[^\s;&,'\"]*"
    r"|(?:(?<=\w)\\*['\"](?=\w)|\\ |[^\s;&,'\"]|,(?=[^\s;&,'\"=]+(?:[\s;&,'\"]|\Z)))+)",
    re.IGNORECASE,
)

_JSON = re.compile(
    rf"(?P<before>[\"']{_WORD}\\*[\"']\s*:\s*{_KIND})(?!{_IN_QUOTES})(?:\[[^\]]*\]?|\{{[^}}]*\}}?|[^\s,}}\]\"']+)",
    re.IGNORECASE,
)

#: What collectd's threshold plugin says behind the name of a type, such as ``evicted_keys``.
_VERDICT = r"(?:Data source \"|All data sources are within range again\.|Value is no longer missing\.)"

_HEADER = re.compile(
    rf"(?<![\w.-])(?P<before>{_WORD}:[ \t]+)(?!\\+[\"']|{_VERDICT})[^\s\"'](?:[^\r\n\"']|(?<=\w)[\"'](?=\w))*",
    re.IGNORECASE,
)

#: ``<password>hunter2</password>``. What follows the name of a block in collectd.conf is on a line of its own.
_ELEMENT = re.compile(
    rf"(?P<before><(?:(?:\w{{1,50}}:)?{_WORD}|\w{{1,50}}\s+(?:name|key)=\\*[\"']{_WORD}\\*[\"'])(?:\s[^<>]{{0,200}})?>"
    r"(?:<!\[CDATA\[)?)[^<\s][^<]*(?=</)",
    re.IGNORECASE,
)

#: Without a scheme before it: ``root:hunter2@tcp(db)``.
_LOGIN = re.compile(r"(?<![\w.%+-])(?P<before>[\w.%+-]{1,64}:)(?!//)[^\s:@\"'<>]{1,200}(?=@[\w\[(])")

#: As curl takes it: ``-u root:hunter2``.
_USER = re.compile(r"(?<![\w.-])(?P<before>(?:-u|--user)(?: +|=)\\*[\"']?[^\s:\"']{1,200}:)[^\s\"'\\]+")

#: In the words of RFC 7617 and 6750; and not in those of a sentence.
_SCHEME = re.compile(r"(?<![\w-])(?P<before>(?:Bearer|Basic|Negotiate) +)(?=[a-zA-Z_/+~.-]*[0-9A-Z=])[\w/+~.=-]+")

_PRIVATE_KEY = re.compile(r"(?P<before>-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----)[^-]+")

#: An argument of a program: ``--password hunter2``.
_ARGUMENT = re.compile(rf"(?<![\w.-])(?P<before>--{_WORD} +)[^\s\"']+", re.IGNORECASE)

#: In collectd.conf text or a line of a log: all that follows a secret's name on the line, or is quoted.
_STATEMENT = re.compile(
    rf"(?P<before>(?:^|(?<=[\s<\"']))(?:{_WORD}(?:\"[ \t]+(?!value=)|[ \t]+)(?!:?=)|(?:post|body)[ \t]+(?=\")))"
    rf"(?P<secret>(?:{_STRING}|[^\s\"<>]+)(?:[ \t]+{_STRING})*)",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)

_HEADER_STATEMENT = re.compile(
    r"(?P<before>(?:^|(?<=[\s<]))\w*headers?[ \t]+\")(?P<value>(?:[^\"\\]|\\.)+)", re.IGNORECASE | re.DOTALL
)

#: What follows such a name in a sentence, and is no secret: "the password is wrong", "a token for the bus".
_SENTENCE = re.compile(
    r"(?:an?|and|are|as|at|be|been|but|by|can|cannot|could|did|do|does|for|from|had|has|have|if|in|into|is|it|its|may|must"
    r"|nor|not|of|on|or|should|so|than|that|the|then|there|these|they|this|to|was|were|when|where|which|while|who|will"
    r"|with|without|would)[.,;:!?]*",
    re.IGNORECASE,
)

#: Each of the patterns has one of these in it: most texts have none.
_HINT = re.compile(r"[:=]|--|</|%3[dD]|(?:Bearer|Basic|Negotiate) ")

#: In this order: what one of them masks, those behind it do not see, be it half of what they would mask.
_PATTERNS = (_PRIVATE_KEY, _USERINFO, _QUOTED, _JSON, _HEADER, _ASSIGNED, _SCHEME, _ARGUMENT, _ELEMENT, _LOGIN, _USER)


def is_secret(name: str) -> bool:
    """Whether the value of what is called so may be a secret: an option, a variable, a header."""
    return _NAME.fullmatch(name) is not None and name.lower() not in _NO_SECRETS


def mask_string(text: str) -> str:
    """A value of an option without the secrets in it. Safe to repeat."""
    if _HINT.search(text) is None:
        return text
    text = _URL.sub(_url, text)
    for pattern in _PATTERNS:
        text = pattern.sub(_unless_plain, text)
    return text


def mask_header(text: str) -> str:
    """A header of a request, ``Name: value``: the value, unless that header never holds a secret."""
    name, colon, _ = text.partition(":")
    if name.strip().lower() in _PLAIN_HEADERS:
        return mask_string(text)
    return f"{name}{colon} {MASK}" if colon else MASK


def mask_text(text: str) -> str:
    """Any text (collectd.conf, a line of a log, an error) without the secrets that can be told. Safe to repeat."""
    text = _HEADER_STATEMENT.sub(lambda found: found["before"] + mask_header(found["value"]), text)
    return _STATEMENT.sub(_statement, mask_string(text))


def _unless_plain(found: re.Match[str]) -> str:
    name = _NAME.search(found["before"])
    return found[0] if name is not None and name[0].lower() in _NO_SECRETS else f"{found['before']}{MASK}"


def _url(found: re.Match[str]) -> str:
    return _QUERY.sub(_parameter, found[0])


def _parameter(found: re.Match[str]) -> str:
    name, value = found["before"], found["value"]
    if value is None:
        return name if _PLAIN.fullmatch(name) else MASK
    if not is_secret(name) and _PLAIN.fullmatch(value[1:]) and name.lower() not in ("p", "sig", "sid", "code"):
        return found[0]
    return f"{name}={MASK}"


def _statement(found: re.Match[str]) -> str:
    name = found["before"].strip().strip('"').lower()
    if name in _NO_SECRETS or _SENTENCE.fullmatch(found["secret"]):
        return found[0]
    quote = '"' if found["secret"].startswith('"') else ""
    return f"{found['before']}{quote}{MASK}{quote}"
