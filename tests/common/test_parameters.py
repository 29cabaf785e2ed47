"""Parameters are typed, complete and frozen; a fault names its key."""

import pytest
from pydantic import Field, ValidationError

from podium.common.errors import PodiumError
from podium.common.parameters import ParameterError, Parameters, parse_as


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
        ({}, ["window: missing"]),
        ({"window": {"days": 0}}, ["window.days: .*greater than or equal to 1"]),
        ({"window": {"days": "many"}}, ["window.days: .*integer"]),
        ({"window": {"days": 1}, "shares": 1}, ["shares: unknown; did you mean share"]),
        ({"window": {"days": 1, "gap": 2}}, ["window.gap: unknown; known are days, name"]),
        ({"window": {}, "share": "x"}, ["window.days: missing", "share: .*number"]),
    ],
)
def test_every_fault_is_named(values, faults):
    with pytest.raises(ParameterError) as caught:
        Settings.parse(values)
    for fault in faults:
        assert caught.match(fault)
    assert caught.match("wrong parameters: ")


class Deep(Parameters):
    windows: dict[str, Window] = {}
    one: Window | None = None
    listed: list[Window] = []


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        # Named as a parameter is, which it is not.
        ({"windows": {"days": {"days": 1, "gap": 2}}}, "x.windows.days.gap: unknown; known are"),
        ({"windows": {"name": {"days": 1, "dayz": 2}}}, "x.windows.name.dayz: .* mean days?"),
        ({"windows": {"name": {}}}, "x.windows.name.days: missing"),
        ({"windows": [1]}, "x.windows: .*dictionary"),
        ({"one": {"days": 1, "nam": 2}}, "x.one.nam: .* mean name?"),
        ({"listed": [{"days": 1}, {"days": 1, "gap": 2}]}, "x.listed.1.gap: unknown; known are"),
        ({"ones": {}}, "x.ones: .* mean one?"),
    ],
)
def test_a_fault_deep_in_a_block_is_named_with_its_place(values, fault):
    with pytest.raises(ParameterError, match=fault):
        Deep.parse(values, "x")
    with pytest.raises(ParameterError, match=f"^wrong parameters: {fault.replace('x.', 'x.y.')}"):
        parse_as(dict[str, Deep], {"y": values}, "x")


def test_a_fault_is_a_message_for_the_user():
    assert issubclass(ParameterError, PodiumError)


def test_parameters_are_frozen():
    settings = Settings.parse({"window": {"days": 15}})
    with pytest.raises(ValidationError, match="frozen"):
        settings.share = 0.1
