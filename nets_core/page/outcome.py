"""How a training run ended, in words, where it did not end well: what happened, why, what to do."""

from __future__ import annotations

import math
from typing import Any

from nets_core import recipes
from nets_core.page.settings import Settings
from nets_core.study.diagnosis import Diagnosis, diagnose
from nets_core.study.session import TrainingSession

POOR = 0.5
"""A net that reads less than this share of the test digits has learned little."""
MOST = 0.9
"""From this share on, saturated or dead neurons are why."""
STILL = 0.01
"""Weights that have moved by less than this share of their size have hardly moved."""
SHRUNK = 0.5
"""Weights below this share of their first size have been pulled towards 0."""
LOW = 0.1
"""A learning rate below this share of the default is low."""
FEW_STEPS = 100
"""Fewer steps than this are few."""
RATE = ("optimizer", "learning_rate")
"""The learning rate, and the optimizer that its default belongs to."""
NAMES = {
    "learning_rate": "learning rate",
    "l2": "weight decay",
    "initializer": "initializer",
    "optimizer": "optimizer",
    "batch_size": "mini-batch",
    "epochs": "epochs",
}
"""What the page calls the settings that may be to blame."""


def outcome(session: TrainingSession, settings: Settings) -> dict[str, Any] | None:
    """How a run ended, None while it runs and where it ended well.

    ``message`` says what happened and why, as far as it is known. ``restore`` are the settings to
    change back to the recipe's, and ``offer`` says so on a button.
    """
    if session.state == "diverged":
        why, blamed = _diverged(session, settings)
        return _answer(why, blamed, settings)
    if session.state != "done" or session.test_accuracy is None:
        return None
    found = diagnose(session.trainer)
    accuracy = session.test_accuracy
    nothing = accuracy <= found.chance
    why, blamed = _cause(found, session, settings)
    if not (nothing or found.moved < STILL or (blamed and accuracy < POOR)):
        return None
    if not why:
        why = "Why is not clear from its weights."
    return _answer(f"{_what(accuracy, found, nothing)} {why}", blamed, settings)


def _what(accuracy: float, found: Diagnosis, nothing: bool) -> str:
    reads = f"it reads {accuracy:.2%} of the test digits".replace("%", " %")
    if found.answer is not None and math.isclose(accuracy, found.answered):
        return f"It has learned nothing: it answers {found.answer} to every digit, so {reads}."
    if nothing:
        always = f"{found.guess:.2%}".replace("%", " %")
        return (
            f"It has learned nothing: {reads}, and always answering {found.common} would read "
            f"{always}."
        )
    return f"It has learned little: {reads}."


def _cause(found: Diagnosis, session: TrainingSession, settings: Settings) -> tuple[str, list[str]]:
    """Why a net has not learned, and which settings are to blame; "" and none if unknown."""
    default, rate = _default(settings), settings.learning_rate
    steps = session.trainer.step
    if settings.initializer == "zeros" and found.alike:
        return (
            f"All weights began at 0, and the {found.alike} neurons of a hidden layer are still "
            "alike: together they can do no more than one.",
            ["initializer"],
        )
    if settings.l2 > default.l2 and found.shrunk < SHRUNK:
        return (
            f"The weight decay {settings.l2:g} pulls the weights towards 0 more strongly than "
            f"learning moves them: they are {found.shrunk:.2g} times as large as at the start.",
            ["l2"],
        )
    if found.moved < STILL and (steps >= FEW_STEPS or rate < LOW * default.learning_rate):
        share = f"{found.moved:.1g}" if found.moved >= 1e-6 else "less than a millionth"
        return (
            f"Its weights have hardly moved, by {share} of their size: the learning rate {rate:g} "
            "is too low.",
            list(RATE),
        )
    if found.saturated > MOST:
        return (
            f"{_share(found.saturated)} of its neurons’ outputs are saturated: there the slope σ′ "
            f"is nearly 0, and so is every gradient.{_too_high(rate, default)}",
            list(RATE),
        )
    if found.dead > MOST:
        return (
            f"{_share(found.dead)} of its hidden ReLUs are 0 for every digit: their slope is 0, so "
            f"they never come back.{_too_high(rate, default)}",
            list(RATE),
        )
    if steps < FEW_STEPS:
        times = "1 step" if steps == 1 else f"{steps} steps"
        blamed = [name for name in ("batch_size", "epochs") if _differs(settings, name)]
        return f"It took only {times}.", blamed
    if rate > default.learning_rate and settings.optimizer == default.optimizer:
        return f"The learning rate {rate:g} is probably too high.", list(RATE)
    return "", []


def _diverged(session: TrainingSession, settings: Settings) -> tuple[str, list[str]]:
    """What happened to a run whose cost is no longer finite, and which settings are to blame."""
    failure = session.failure
    assert failure is not None
    if settings.l2 * settings.learning_rate > 1 and settings.optimizer == "sgd":
        what = f"{failure.what[:1].upper()}{failure.what[1:]}"
        return (
            f"{what}: weight decay {settings.l2:g} times learning rate "
            f"{settings.learning_rate:g} is more than 1, so each step throws the weights past 0.",
            ["l2", *RATE],
        )
    return str(failure), list(RATE)


def _answer(message: str, blamed: list[str], settings: Settings) -> dict[str, Any]:
    default = _default(settings)
    names = [name for name in blamed if _differs(settings, name)]
    if not names:
        restore = default.plain()
        return {"message": message, "offer": "Restore all default settings", "restore": restore}
    restore = {name: getattr(default, name) for name in names}
    listed = " and ".join(
        f"{NAMES[name]} {value:g}" if isinstance(value, float) else f"{NAMES[name]} {value}"
        for name, value in restore.items()
    )
    return {"message": message, "offer": f"Restore the default {listed}", "restore": restore}


def _too_high(rate: float, default: Settings) -> str:
    if rate <= default.learning_rate:
        return ""
    return f" The learning rate {rate:g} is probably too high."


def _differs(settings: Settings, name: str) -> bool:
    return bool(getattr(settings, name) != getattr(_default(settings), name))


def _share(share: float) -> str:
    return "All" if share == 1 else f"{share:.1%}".replace("%", " %")


def _default(settings: Settings) -> Settings:
    return Settings.of(recipes.get(settings.recipe))
