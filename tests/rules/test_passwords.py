"""Passwords: long enough, not the login, not what everybody tries first."""

from __future__ import annotations

import pytest

from models.rules.passwords import COMMON, PASSWORD_MAX, PASSWORD_MIN, weakness


@pytest.mark.parametrize(
    "password", ["correct horse battery", "Zaun-Koenig-77", "蛋糕店的秘密口令二〇二六", "abc" + "x7" * 62]
)
def test_a_password_nobody_would_guess_will_do(password: str) -> None:
    assert weakness(password, "anna") is None


@pytest.mark.parametrize("length", [0, PASSWORD_MIN - 1, PASSWORD_MAX + 1])
def test_a_password_too_short_or_too_long_will_not_do(length: int) -> None:
    text = ("abcdefgh12" * 20)[:length]
    assert weakness(text, "anna") == "Must be 10 to 128 characters long."


def test_the_login_will_not_do_in_any_capitals() -> None:
    assert weakness("Anna.Berg.1", "aNNA.bERG.1") == "Must not be the login."


@pytest.mark.parametrize("password", [*sorted(COMMON), "PassWord123", "aaaaaaaaaaaa", "10101010101010"])
def test_what_everybody_tries_first_will_not_do(password: str) -> None:
    assert weakness(password, "anna") is not None


def test_the_list_holds_only_what_its_length_would_not_refuse_anyway() -> None:
    assert {word for word in COMMON if len(word) < PASSWORD_MIN} == set()
    assert {word for word in COMMON if word != word.casefold()} == set()
