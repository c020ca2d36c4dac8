from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.web.gate import FOREIGN, NOT_OURS, Gate, draw

PORT = 8765
GATE = Gate("127.0.0.1", PORT, draw(secrets.token_urlsafe))
OURS = "127.0.0.1:8765"


def test_the_address_has_the_token_of_32_random_bytes_and_not_the_cookie() -> None:
    asked: list[int] = []

    def urlsafe(size: int) -> str:
        asked.append(size)
        return f"secret{len(asked)}"

    drawn = draw(urlsafe)
    gate = Gate("127.0.0.1", PORT, drawn)
    assert asked == [32, 32, 16]
    assert gate.address == "http://127.0.0.1:8765/?token=secret1"
    assert gate.folder == "/secret3/"
    assert (gate.has_token("secret1"), gate.has_cookie("secret2")) == (True, True)
    assert not any(gate.has_token(other) for other in ("secret2", "secret3", "", "secret"))
    assert not any(gate.has_cookie(other) for other in ("secret1", "secret3", "", "secret"))


@given(st.text())
def test_no_other_text_is_the_token_or_the_cookie(said: str) -> None:
    assert not GATE.has_token(said)
    assert not GATE.has_cookie(said)


def test_headers_that_are_no_text_are_judged_as_well() -> None:
    assert not GATE.has_cookie(b"\xff\xfe".decode(errors="surrogateescape"))


@pytest.mark.parametrize("host", [OURS, "localhost:8765", "LOCALHOST:8765"])
def test_our_own_names_with_our_port_are_ours(host: str) -> None:
    assert GATE.foreign([host], [], websocket=False) == ""


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        [""],
        ["127.0.0.1"],
        ["127.0.0.1:80"],
        ["127.0.0.1:8766"],
        ["127.0.0.2:8765"],
        ["pump.example:8765"],  # a name that was made to lead here
        ["127.0.0.1:8765.pump.example"],
        ["localhost.:8765"],
        ["[::1]:8765"],
        [OURS, OURS],
    ],
)
def test_any_other_host_is_foreign(hosts: list[str]) -> None:
    assert GATE.foreign(hosts, [], websocket=False) == FOREIGN


@pytest.mark.parametrize("websocket", [False, True])
@pytest.mark.parametrize(
    "origins",
    [
        ["null"],
        [""],
        ["http://127.0.0.1"],
        ["http://127.0.0.1:8766"],  # a page from another port of this machine
        ["https://127.0.0.1:8765"],
        ["http://localhost:8765"],  # ours, but not where this request goes
        ["http://pump.example:8765"],
        ["http://127.0.0.1:8765/"],
        [f"http://{OURS}", f"http://{OURS}"],
        [f"http://{OURS}", "http://pump.example"],
    ],
)
def test_any_origin_but_the_one_that_is_asked_is_foreign(origins: list[str], *, websocket: bool) -> None:
    assert GATE.foreign([OURS], origins, websocket=websocket) == FOREIGN


def test_our_own_origin_is_ours_and_a_websocket_has_to_tell_it() -> None:
    assert GATE.foreign([OURS], [f"http://{OURS}"], websocket=True) == ""
    assert GATE.foreign([OURS], [], websocket=False) == ""
    assert GATE.foreign([OURS], [], websocket=True) == NOT_OURS


def test_an_address_of_ipv6_stands_in_brackets() -> None:
    gate = Gate("::1", PORT, draw(secrets.token_urlsafe))
    assert gate.address.startswith("http://[::1]:8765/?token=")
    assert gate.foreign(["[::1]:8765"], ["http://[::1]:8765"], websocket=True) == ""
    assert gate.foreign([OURS], [], websocket=False) == FOREIGN


def test_the_port_that_browsers_do_not_name_may_go_unnamed() -> None:
    gate = Gate("127.0.0.1", 80, draw(secrets.token_urlsafe))
    assert gate.foreign(["127.0.0.1"], ["http://127.0.0.1"], websocket=True) == ""
