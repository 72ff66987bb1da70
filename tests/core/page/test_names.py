"""The page's names and Python's: one translation, there and back."""

from __future__ import annotations

from dataclasses import fields

import pytest

from nets_core.page.names import PAGE_NAMES, from_page, message_to_page, to_page
from nets_core.page.settings import Settings
from nets_core.playground.world import World


def test_settings_come_back_as_they_went() -> None:
    for plain in (Settings.from_plain({}).plain(), World.from_plain({}).plain()):
        page = to_page(plain)
        assert from_page(page) == plain
        assert {"learningRate", "batchSize"} < set(page)
        assert not any("_" in name for name in page)


def test_every_setting_has_one_name_on_the_page() -> None:
    assert len(set(PAGE_NAMES.values())) == len(PAGE_NAMES)
    for made in (Settings, World):
        for field in fields(made):
            assert "_" not in field.name or field.name in PAGE_NAMES


def test_names_within_results_are_translated_too() -> None:
    found = to_page({"healthy": {"test_accuracy": 1}, "bugs": [{"check_sees": True}], "a_in": 2})
    assert found == {"healthy": {"testAccuracy": 1}, "bugs": [{"checkSees": True}], "a_in": 2}


def test_the_page_gets_numbers_that_it_can_mix_with_its_own() -> None:
    """Pyodide makes BigInts of integers from 2^53 − 1 on."""
    found = to_page({"seed": 2**53 - 1, "list": [-(2**60)], "small": 2**53 - 2, "yes": True})
    assert found == {"seed": 2**53 - 1, "list": [-(2**60)], "small": 2**53 - 2, "yes": True}
    assert [type(value) for value in (found["seed"], *found["list"])] == [float, float]
    assert [type(found[name]) for name in ("small", "yes")] == [int, bool]


def test_the_pages_names_alone_are_taken() -> None:
    with pytest.raises(ValueError, match="setting is 'batch_size', expected 'batchSize'"):
        from_page({"batch_size": 3})
    assert from_page({"colour": 1}) == {"colour": 1}


def test_messages_name_settings_as_the_page_does() -> None:
    message = "learning_rate cannot change, only batch_size and my_learning_rate can"
    assert message_to_page(message) == (
        "learningRate cannot change, only batchSize and my_learning_rate can"
    )
