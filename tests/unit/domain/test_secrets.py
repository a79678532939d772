# SPDX-License-Identifier: Apache-2.0
"""No secret leaves, and none goes astray on the way back."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_mgr import exception
from collectd_mgr.domain import config as forms
from collectd_mgr.domain.secrets import MASK, mask, mask_text, mask_words, unmask

CONFIGS: list[Any] = [
    {"Password": "hunter2"},
    {"Pass": "hunter2", "User": "u"},
    {"Community": "hunter2"},
    {"Host": {"args": "switch", "Community": "hunter2", "AuthPassphrase": "hunter2", "PrivacyPassphrase": "hunter2"}},
    {"ClientKeyPass": "hunter2"},
    {"AuthenticationPassword": "hunter2"},
    {"Secret": "hunter2"},
    {"Token": "hunter2"},
    {"Key": "hunter2"},
    {"URL": "https://me:hunter2@example.org/status"},
    {"ConnectString": "host=db user=u password=hunter2"},
    {"URL": "https://example.org/status?token=hunter2&a=1"},
    {"Header": "Authorization: Bearer hunter2"},
    {"DriverOption": {"args": ["password", "hunter2"]}},
    {"Post": "user=u&x=hunter2"},
    {"Page": {"args": "a", "Post": '{"q": "hunter2"}', "Header": ["X-Mine: hunter2", "Cookie: a=hunter2"]}},
    {"Header": "hunter2"},
    {"URL": "https://hunter2@example.org/"},
    {"URL": "https://hunter2:x-oauth-basic@example.org/"},
    {"URL": "https://u:p@hunter2@example.org/"},
    {"URL": "https://u:p/hunter2@example.org/"},
    {"URL": "https://example.org/?key=hunter2"},
    {"URL": "https://example.org/?a=json&sig=hunter&x=hunter2#hunter2"},
    {"URL": "https://example.org/?db=x&u=me&p=hunter2"},
    {"URL": "https://example.org/?hunter2"},
    {"Attribute": {"args": ["api_key", "hunter2"]}},
    {"Property": {"args": ["sasl.jaas.config", "hunter2"]}},
    {"LicenseKey": "hunter2"},
    {"SecretString": "hunter2"},
    {"Exec": {"args": ["u", "/bin/x", "--password", "hunter2", "--token=hunter2"]}},
    {"ConnectID": "scott/hunter2@db"},
    {"Statement": "SELECT dblink('password=hunter2')"},
    {"Text": "Authorization: Bearer hunter2"},
    {"Text": "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----"},
    {"Password": {"Value": "hunter2"}},
    {"Secrets": {"args": "a", "Value": ["hunter2", "x"], "More": [{"args": "b", "X": "hunter2"}, {"Y": "hunter2"}]}},
    {"Host": [{"args": "a", "Community": "hunter2"}, {"args": "b", "Community": "hunter2"}]},
]

#: The spellings of a secret in a string: of connect strings, arguments, XML, JSON, code, headers, logins.
SPELLINGS = [
    'host=db password="hunter2"',
    'user="root" password="hunter2"',
    'api_key="AKIAhunter2"',
    '<db password="hunter2"/>',
    r"PWD=\"hunter2\"",
    "PWD={hun hunter2}",
    "PWD={a}}hunter2};UID=x",
    r"password='a\'hunter2'",
    r'password="a\"hunter2"',
    "password='it''s hunter2'",
    "password='hunter2",
    'password="a hunter2',
    "dblink('password=''hunter2''')",
    r"password=a\ hunter2",
    "password=it's-hunter2",
    'password=a"hunter2',
    "password=a,hunter2",
    'password = "hunter2"',
    "password == hunter2",
    'password := "hunter2"',
    '"password" => "hunter2"',
    'config["password"] = "hunter2"',
    "a%3Db%26password%3Dhunter2",
    r"{\"password\": \"hunter2\"}",
    r"{\"password\":\"a\\\"hunter2\"}",
    r"{\\\"password\\\": \\\"hunter2\\\"}",
    r"{\"token\": hunter2}",
    '{"tokens": ["a", "hunter2"]}',
    '{"auth": {"a": "hunter2"}}',
    '{"name": "password", "value": "hunter2"}',
    "{'password': b'hunter2'}",
    "Config(password=b'hunter2')",
    "<password>hunter2</password>",
    '<a:password type="x"><![CDATA[hunter2]]></a:password>',
    '<add key="password" value="hunter2"/>',
    '<property name="password">hunter2</property>',
    "Authorization=Basic hunter2",
    "Authorization = Bearer hunter2",
    "Authorization:Basic hunter2",
    "map[Authorization:[Basic hunter2] Accept:[*/*]]",
    r"{\"Authorization\":Basic hunter2}",
    "Basic password=[*hunter2",
    "Bearer key=>a/hunter2",
    "--password = {hunter2",
    "auth:info:password: a hunter2",
    "auth:info:password: it's hunter2",
    "X-Api-Key:hunter2",
    "password:hunter2",
    "root:hunter2@tcp(db:3306)/x",
    "//root:hunter2@db/x",
    "curl -u root:hunter2 https://example.org/",
    'curl --user "root:hunter2" https://example.org/',
    'x --password "hunter2"',
    'x --password="hun hunter2"',
]


def same(one: Any, other: Any) -> bool:
    """There is more than one JSON for a config."""
    return forms.from_json(one) == forms.from_json(other)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_a_secret_does_not_leave_and_comes_back(config: Any) -> None:
    shown = mask(config)
    assert "hunter2" not in str(shown)
    assert MASK in str(shown)
    assert mask(shown) == shown
    assert same(unmask(shown, config), config)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_in_a_string_does_not_leave_however_it_is_spelt(spelling: str) -> None:
    test_a_secret_does_not_leave_and_comes_back({"Plugin": {"args": "x", "DSN": spelling}})
    text = forms.to_text(forms.from_any({"DSN": spelling, "Host": "good"}))
    for each in (spelling, text):
        assert "hunter2" not in mask_text(each)
        assert mask_text(mask_text(each)) == mask_text(each)


@pytest.mark.parametrize("before", ['Arg "password="', 'Message "the password:"', '<Arg "token=">', "Arg 'key='"])
def test_a_quote_that_ends_a_line_takes_no_name_of_a_secret_with_it(before: str) -> None:
    assert mask_text(f'{before}\n Password "hunter2"\n') == f'{before}\n Password "{MASK}"\n'


def test_what_is_no_secret_stays() -> None:
    config: dict[str, Any] = {
        "URL": "http://localhost:8080/",
        "Key": {"args": "a/b", "Type": "gauge"},
        "Username": "u",
        "Port": 1,
    }
    config |= {"RoutingKey": "collectd", "Header": "Accept: text/plain", "SSLKey": "/etc/key.pem", "VerifyToken": True}
    config |= {"Page": {"args": "a", "URL": "http://h/mod_status?auto&format=json&n=5"}}
    assert mask(config) == config
    assert (mask(None), unmask(None, config)) == (None, None)


def test_nothing_in_a_block_that_is_a_secret_is_shown() -> None:
    shown = mask({"Password": {"args": "a", "Port": 1, "Inner": {"Text": "b", "On": True}}, "Text": "b"})
    assert shown == {
        "Password": {"args": MASK, "Port": MASK, "Inner": {"Text": MASK, "On": True}},
        "Text": "b",
    }


def test_words_are_kept_as_far_as_there_is_room() -> None:
    assert mask_words("as token=hunter2 says") == f"as token={MASK} says"
    assert mask_words("INC-12") == "INC-12"
    assert len(mask_words("token=a " * 31)) == 255


def test_a_secret_goes_with_its_block() -> None:
    old = {"Host": [{"args": "a", "Community": "one"}, {"args": "b", "Community": "two"}]}
    new = unmask({"Host": {"args": "b", "Community": MASK, "Interval": 1}}, old)
    assert same(new, {"Host": {"args": "b", "Community": "two", "Interval": 1}})


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ({"Password": MASK}, None),
        ({"Password": MASK}, {"User": "u"}),
        ({"Host": {"args": "c", "Community": MASK}}, {"Host": {"args": "a", "Community": "one"}}),
        ({"URL": f"http://u:{MASK}@evil/"}, {"URL": "http://u:one@good/"}),
        ({"Password": {"Value": MASK, "New": MASK}}, {"Password": {"Value": "one"}}),
        ({"H": {"args": "a", "Pass": MASK}}, {"H": [{"args": "a", "Pass": "1"}, {"args": "a", "Pass": "2"}]}),
        (
            {"Page": {"args": "x", "URL": "http://evil:8000/", "User": "u", "Password": MASK}},
            {"Page": {"args": "x", "URL": "https://good/", "User": "u", "Password": "one"}},
        ),
        (
            {"Host": {"args": "b", "Address": "6.6.6.6", "Community": MASK}},
            {"Host": {"args": "b", "Address": "192.0.2.1", "Community": "one"}},
        ),
        (
            {"Database": {"args": "d", "host": "evil", "Password": MASK}},
            {"Database": {"args": "d", "Host": "good", "Password": "one"}},
        ),
        (
            {"Node": {"args": "n", "URL": "https://evil/", "Header": f"X-Auth: {MASK}"}},
            {"Node": {"args": "n", "URL": "https://good/", "Header": "X-Auth: one"}},
        ),
        # What would mask to the same, and is another host.
        (
            {"URL": "https://evil/x@good/", "Password": MASK},
            {"URL": "https://u:p@good/", "Password": "one"},
        ),
        ({"URL": "https://good/", "VerifyPeer": False, "Pass": MASK}, {"URL": "https://good/", "Pass": "one"}),
        ({"Server": "evil", "Page": {"args": "x", "Pass": MASK}}, {"Page": {"args": "x", "Pass": "one"}}),
        # collectd's plugins do not tell an option from a block.
        ({"Host": ["good", {"args": "evil", "X": 1}], "Pass": MASK}, {"Host": "good", "Pass": "one"}),
        ({"Pass": MASK, "Transport": {"Host": "evil"}}, {"Pass": "one", "Transport": {"Host": "good"}}),
        (
            {"DriverOption": [{"args": ["host", "evil"]}, {"args": ["password", MASK]}]},
            {"DriverOption": [{"args": ["host", "good"]}, {"args": ["password", "one"]}]},
        ),
    ],
    ids=str,
)
def test_a_mask_without_a_secret_behind_it_is_refused(new: Any, old: Any) -> None:
    with pytest.raises(exception.BadConfig):
        unmask(new, old)


def test_a_secret_stays_where_what_it_is_sent_to_stays() -> None:
    page = {"args": "x", "URL": "https://u:p@good/", "VerifyPeer": True, "Password": "one", "Interval": 10}
    old = {"Timeout": 1, "Page": [page, {"args": "y", "URL": "https://other/", "Pass": "two"}]}
    shown = mask(old)["Page"][0]
    new = {**shown, "Interval": 5, "MeasureResponseTime": True, "ConnectTimeout": 2}
    wanted = {**page, "Interval": 5, "MeasureResponseTime": True, "ConnectTimeout": 2}
    another = {"args": "z", "URL": "https://third/"}
    assert same(unmask({"Page": [new, another]}, old), {"Page": [wanted, another]})


@pytest.mark.parametrize(
    "text",
    [
        'Password "hunter2"',
        '  AuthPassphrase   "hunter2 \\" hunter2"\nPort 1',
        "<Plugin x>\n Pass hunter2\n</Plugin>",
        'Password "hunter2\nhunter2"',
        "error: cannot open https://u:hunter2@h/ (password=hunter2)",
        'DriverOption "password" "hunter2"',
        'Post "hunter2"',
        'Header "X-Mine: hunter2"',
        "curl: https://hunter2@h/ failed",
        "GET https://h/?key=hunter2 failed",
        '{"password": "hunter2"}',
        "Authorization: Basic hunter2",
        'password: "hunter2"',
        "password: 'hunter2'",
        'Token:"hunter2 hunter2"',
        'Invalid value for Password: "hunter2"',
        r'{"detail": "Password: \"hunter2\" is too short"}',
    ],
)
def test_text_is_masked(text: str) -> None:
    assert "hunter2" not in mask_text(text)
    assert mask_text(mask_text(text)) == mask_text(text)


@pytest.mark.parametrize(
    "text",
    [
        'LoadPlugin "cpu"\n<Plugin "cpu">\n ReportByCpu true\n</Plugin>\n',
        "INC-12: the password of the switch was changed, its key is new",
        "A token for the bus and a password that nobody has",
        "http://keystone-auth:5000/v3 and token:5672 do not answer; git@example.org:a/b, 10:20:30 me@example.org",
        'Host h, plugin redis type evicted_keys: Data source "value" is currently 9.000000. That is above the failure '
        "threshold of 5.000000.",
        "Host h, plugin redis type expired_keys: All data sources are within range again. Current value of "
        '"value" is 1.000000.',
        "Host h, plugin p type cookies: Value is no longer missing.",
    ],
)
def test_text_without_secrets_stays(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize("text", ['Password "is"', 'Password is "hunter2"', 'DriverOption "password" "the" "hunter2"'])
def test_a_word_of_a_sentence_in_quotes_is_a_value(text: str) -> None:
    masked = mask_text(text)
    assert MASK in masked
    assert not any(f'"{secret}"' in masked for secret in ("is", "the", "hunter2"))


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=50))
def test_any_secret_is_masked_in_both_forms(secret: str) -> None:
    config = {"Host": {"args": "a", "Password": f"<{secret}>"}}
    assert mask(config) == {"Host": {"args": "a", "Password": MASK}}
    assert same(unmask(mask(config), config), config)
    text = forms.to_text(forms.from_json(config))
    assert mask_text(text) == f'<Host "a">\n Password "{MASK}"\n</Host>\n'


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a.",
        "a-",
        "aa ",
        "://",
        "a://",
        "a://:",
        "pass",
        "pass ",
        "pass=",
        "token:",
        'token: "',
        "token: \\'",
        '"',
        '\\"',
        "key ",
        'pass="',
        'key=\\"',
        "key=a,",
        "<key a",
        "a:a@",
    ],
)
def test_a_long_text_takes_no_square_of_its_length(piece: str) -> None:
    text = piece * (400_000 // len(piece))
    began = time.process_time()
    mask_text(text)
    mask({"Text": text})
    assert time.process_time() - began < 60


def test_many_secrets_take_no_square_of_their_number() -> None:
    config = {"Host": [{"args": f"h{i}", "Community": f"c{i}"} for i in range(5_000)]}
    began = time.process_time()
    assert same(unmask(mask(config), config), config)
    assert time.process_time() - began < 60
