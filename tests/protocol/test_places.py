"""The names that both programs meet by. They are on the pages and in the scripts of users."""

from __future__ import annotations

import pytest

from protocol.places import APP, BAUD, DEFAULT_LINK, KEYS, runtime_folder


def test_the_names_are_these() -> None:
    assert (APP, KEYS, DEFAULT_LINK, BAUD) == ("pumpmock", "keys", "pump0", 115_200)


def test_virtual_ports_are_in_the_folder_of_the_users_session() -> None:
    assert runtime_folder({"XDG_RUNTIME_DIR": "/run/user/7"}, "/tmp", 7) == "/run/user/7/pumpmock"  # noqa: S108 - nothing is made


@pytest.mark.parametrize("environment", [{}, {"XDG_RUNTIME_DIR": ""}])
def test_without_one_they_are_in_a_temporary_folder_of_the_user(environment: dict[str, str]) -> None:
    assert runtime_folder(environment, "/tmp", 7) == "/tmp/pumpmock-7"  # noqa: S108 - nothing is made
