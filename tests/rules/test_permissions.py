"""Roles: each may do what the one below it may, and more."""

from __future__ import annotations

from itertools import pairwise

from models.rules.permissions import ALL, CASHIER, MANAGER, OWNER, PERMISSIONS, STAFF_ROLES, TERMINAL


def test_every_role_may_do_more_than_the_one_below() -> None:
    for upper, lower in pairwise((OWNER, MANAGER, CASHIER, TERMINAL)):
        assert PERMISSIONS[lower] < PERMISSIONS[upper]


def test_an_owner_may_do_everything() -> None:
    assert PERMISSIONS[OWNER] == ALL
    assert set(PERMISSIONS) == {*STAFF_ROLES, TERMINAL}


def test_only_an_owner_decides_who_works_here_and_what_points_cost() -> None:
    for permission in ("merchants.staff", "merchants.stores", "points.rules"):
        assert [role for role in PERMISSIONS if permission in PERMISSIONS[role]] == [OWNER]


def test_a_till_by_itself_sells_and_serves_members_and_reads_no_reports() -> None:
    till = PERMISSIONS[TERMINAL]
    assert {"sales.checkout", "sales.quote", "members.read", "catalogue.read"} <= till
    assert not {"reports.read", "catalogue.write", "merchants.terminals", "merchants.read"} & till
