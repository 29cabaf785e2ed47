"""Parameters are typed, complete and frozen; a fault names its key."""

import pytest
from pydantic import Field, ValidationError

from podium.common.errors import PodiumError
from podium.common.parameters import ParameterError, Parameters


class Window(Parameters):
    days: int = Field(ge=1)
    name: str = "test"


class Settings(Parameters):
    window: Window
    share: float = 0.5


def test_values_are_checked_and_defaults_filled():
    settings = Settings.parse({"window": {"days": 15}})
    assert (settings.window.days, settings.window.name, settings.share) == (15, "test", 0.5)


@pytest.mark.parametrize(
    ("values", "faults"),
    [
        ({}, ["window: Field required"]),
        ({"window": {"days": 0}}, ["window.days: .*greater than or equal to 1"]),
        ({"window": {"days": "many"}}, ["window.days: .*integer"]),
        ({"window": {"days": 1}, "shares": 1}, ["shares: Extra inputs are not permitted"]),
        ({"window": {"days": 1, "gap": 2}}, ["window.gap: Extra inputs"]),
        ({"window": {}, "share": "x"}, ["window.days: Field required", "share: .*number"]),
    ],
)
def test_every_fault_is_named(values, faults):
    with pytest.raises(ParameterError) as caught:
        Settings.parse(values)
    for fault in faults:
        assert caught.match(fault)
    assert caught.match(r"wrong parameters \(Settings\)")


def test_a_fault_is_a_message_for_the_user():
    assert issubclass(ParameterError, PodiumError)


def test_parameters_are_frozen():
    settings = Settings.parse({"window": {"days": 15}})
    with pytest.raises(ValidationError, match="frozen"):
        settings.share = 0.1
