# SPDX-License-Identifier: Apache-2.0
"""What time services answer, in the form that was captured from them. Real ones are asked in tests/functional."""

from __future__ import annotations

import json
from typing import Any

import pytest

from collectd_mgr.agent.time_sources import chrony, ntpd, timesyncd
from collectd_mgr.agent.time_sources.base import Silent, TimeSettings
from collectd_mgr.domain.clock import TimeReport

#: chrony 4.3, half a second behind its server.
TRACKING = (
    "7F000002,127.0.0.2,3,1795386850.022860651,0.500015855,-0.000006748,0.000007048,17.524,-0.809,22.209,"
    "0.000196392,0.000343068,0.3,Normal\n"
)
#: chrony 4.3 without a source.
ALONE = "00000000,,0,0.000000000,0.0,0.0,0.0,0.0,0.0,0.0,1.0,1.0,0.0,Not synchronised\n"


class TestChrony:
    def test_behind_its_server(self) -> None:
        report = chrony.parse(TRACKING)
        assert (report.synchronised, report.reference, report.stratum) == (True, "127.0.0.2", 3)
        assert report.offset == -0.500015855
        assert report.error == pytest.approx(0.000441264)
        assert report.last_update == pytest.approx(1795386850.02286)
        assert not report.sync_steps

    def test_without_a_source(self) -> None:
        assert chrony.parse(ALONE) == TimeReport("chrony", False)

    @pytest.mark.parametrize("said", ["", "506 Cannot talk to daemon", "1,2,3", TRACKING.replace("0.5000", "x")])
    def test_something_else(self, said: str) -> None:
        with pytest.raises(Silent):
            chrony.parse(said)

    def test_a_host_without_it(self) -> None:
        with pytest.raises(Silent, match="not installed"):
            chrony.Chrony(TimeSettings(chronyc="/nowhere/chronyc")).read()


#: NTPsec 1.2.2: just started; and following a server that is 50 ms ahead.
INIT = {"leap": "3", "stratum": "16", "rootdelay": "0.000", "rootdisp": "0.075", "refid": "INIT", "offset": "0.000000"}
FOLLOWING = {**INIT, "leap": "0", "stratum": "3", "refid": "10.99.0.2", "offset": "50.1", "rootdelay": "1.0"}


class TestNtpd:
    def test_just_started(self) -> None:
        assert ntpd.report(INIT) == TimeReport("ntpd", False, sync_steps=True)

    def test_behind_its_server(self) -> None:
        report = ntpd.report({**FOLLOWING, "reftime": "0xeca3a6b2.80000000"})
        assert (report.synchronised, report.reference, report.stratum) == (True, "10.99.0.2", 3)
        assert report.offset == pytest.approx(-0.0501)
        assert report.error == pytest.approx(0.000575)
        assert report.last_update == 0xECA3A6B2 - 2_208_988_800 + 0.5
        # A restart may find out anything.
        assert report.sync_steps

    def test_what_it_does_not_say(self) -> None:
        with pytest.raises(ValueError, match="stratum"):
            ntpd.report({"leap": "0"})

    @pytest.mark.parametrize(
        ("packet", "said"),
        [
            (b"\x16\x82\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02ab", None),
            (b"\x16\xc2\x00\x01\x05\x00\x00\x00\x00\x00\x00\x00", "error 5"),
            (b"\x24\x82\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00", "does not answer as"),
            (b"\x16\x82\x00\x07\x00\x00\x00\x00\x00\x00\x00\x00", "does not answer as"),
        ],
    )
    def test_packets(self, packet: bytes, said: str | None) -> None:
        if said is None:
            assert ntpd._unpacked(packet) == (0, b"ab", False)
            return
        with pytest.raises(ValueError, match=said):
            ntpd._unpacked(packet)

    def test_a_host_without_it(self) -> None:
        with pytest.raises(Silent, match="no answer of ntpd"):
            ntpd.Ntpd(TimeSettings(ntpd_address="127.99.98.97", ntpd_port=1, patience=0.5)).read()


#: systemd 252, captured before its server was found.
SEARCHING = (
    '{"type":"a{sv}","data":[{"LinkNTPServers":{"type":"as","data":[]},"SystemNTPServers":{"type":"as","data":[]},'
    '"ServerName":{"type":"s","data":"1.debian.pool.ntp.org"},"ServerAddress":{"type":"(iay)","data":[0,[]]},'
    '"RootDistanceMaxUSec":{"type":"t","data":5000000},"PollIntervalUSec":{"type":"t","data":0},'
    '"NTPMessage":{"type":"(uuuuittayttttbtt)","data":[0,0,0,0,0,0,0,[0,0,0,0],0,18444535084909551616,'
    '18444535084909551616,0,false,0,0]},"Frequency":{"type":"x","data":0}}]}'
)

#: systemd 252, as ``busctl --json=short call … GetAll`` prints it: leap, version, mode, stratum, precision, root delay,
#: root dispersion, reference, then the four times (microseconds), ignored, packets, jitter.
MESSAGE = [0, 4, 4, 2, -24, 1083, 991, [17, 253, 34, 123], *[0] * 4, False, 1, 0]
TIMES = (1_795_386_850_000_000, 1_795_386_850_130_000, 1_795_386_850_130_020, 1_795_386_850_020_020)


def said(**changes: Any) -> str:
    message = [*MESSAGE]
    message[8:12] = changes.pop("times", TIMES)
    for place, value in changes.items():
        message[{"leap": 0, "ignored": 12, "packets": 13}[place]] = value
    properties = {
        "LinkNTPServers": {"type": "as", "data": []},
        "ServerName": {"type": "s", "data": "0.debian.pool.ntp.org"},
        "ServerAddress": {"type": "(iay)", "data": [2, [192, 0, 2, 1]]},
        "NTPMessage": {"type": "(uuuuittayttttbtt)", "data": message},
    }
    return json.dumps({"type": "a{sv}", "data": [properties]})


class TestTimesyncd:
    def test_behind_its_server(self) -> None:
        report = timesyncd.parse(said())
        assert (report.synchronised, report.reference, report.stratum) == (True, "0.debian.pool.ntp.org", 3)
        assert report.offset == pytest.approx(-0.12, abs=1e-6)
        assert report.error == pytest.approx(0.0115325, abs=1e-6)
        assert report.last_update == pytest.approx(1_795_386_850.02002)
        assert report.sync_steps

    def test_while_it_looks_for_its_server(self) -> None:
        assert timesyncd.parse(SEARCHING) == TimeReport("timesyncd", False, sync_steps=True)

    @pytest.mark.parametrize("change", [{"packets": 0}, {"ignored": True}, {"leap": 3}])
    def test_without_an_answer_of_a_server(self, change: dict[str, Any]) -> None:
        assert timesyncd.parse(said(**change)) == TimeReport("timesyncd", False, sync_steps=True)

    @pytest.mark.parametrize("text", ["", "{}", "[]", '{"data": [{}]}'])
    def test_something_else(self, text: str) -> None:
        with pytest.raises(Silent):
            timesyncd.parse(text)

    def test_a_host_without_it(self) -> None:
        with pytest.raises(Silent):
            timesyncd.Timesyncd(TimeSettings(busctl="/nowhere/busctl")).read()
