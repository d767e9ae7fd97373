"""The invocation in this function's own scripts/smoke_test.json."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Account, Ended


def test_this_repositorys_own_invocation_carries_the_key_that_it_needs(dev: Account, run: Callable[..., Ended]) -> None:
    dev.publish("code")

    ended = run("smoke_test", "dev", "--version", "1")

    assert ended.status == 0, ended.err
    assert dev.invocations == ["1"]
    assert "version 1 answers as expected" in ended.out
