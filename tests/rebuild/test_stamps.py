"""What a stamp tells of a record."""

from __future__ import annotations

from engine import stamp

LINK = "0123456789abcdef" * 2


def test_a_key_tells_its_link_and_origin_to_its_own_sync_alone() -> None:
    made = stamp.key("it", LINK, stamp.origin_of("a", "a1"), "change 1")
    told = stamp.read(made, "it")
    assert told is not None
    assert (len(made), told.link, told.origin) == (64, LINK[:24], stamp.origin_of("a", "a1"))
    assert stamp.read(made, "another") is None
    assert made != stamp.key("it", LINK, stamp.origin_of("a", "a1"), "change 2")


def test_other_keys_tell_nothing() -> None:
    for text in (None, "", "a" * 32, "x" * 64, f"{LINK}{LINK}"):
        assert stamp.read(text, "it") is None
