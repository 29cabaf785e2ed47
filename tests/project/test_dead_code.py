"""No code without a use: what only tests call is dead, and so is a parameter that nothing reads."""

import ast
import importlib
import json
import re
import shutil
import tomllib
from pathlib import Path

import pytest
from running import PROJECT
from vulture import Vulture

from podium.challenges import challenges
from podium.common.parameters import Parameters
from podium.new_challenge import TEMPLATE, render_challenge

SOURCE = PROJECT / "src"
CONFIDENCE = 60
# Outside Python a name is used by writing it.
IMPORT_PATH = re.compile(r"\bpodium(?:\.\w+)+")


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """A challenge as the template makes it: what it calls has a use."""
    folder = tmp_path_factory.mktemp("rendered")
    shutil.copytree(PROJECT / TEMPLATE, folder / TEMPLATE)
    shutil.copy(PROJECT / "pyproject.toml", folder)
    render_challenge(folder, "rendered")
    return folder


def names_beside_python(*roots):
    """Names that configuration declares, that templates of pages show, that notebooks use."""
    used = set()
    for root in roots:
        for file in (root / "conf").rglob("*.yml"):
            for path in IMPORT_PATH.findall(file.read_text()):
                used |= set(path.split("."))
        for file in (root / "notebooks").glob("*.ipynb"):
            for cell in json.loads(file.read_text())["cells"]:
                if cell["cell_type"] == "code":
                    used |= set(re.findall(r"\w+", "".join(cell["source"])))
    for file in (SOURCE / "podium").rglob("*.html"):
        used |= set(re.findall(r"\.(\w+)", file.read_text()))
    return used


def unused(paths, used, *, allowed=True):
    """What vulture finds in the last of the paths that nothing in any of them uses."""
    table = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["vulture"]
    options = {name: table[name] for name in ("ignore_names", "ignore_decorators")}
    finder = Vulture(**(options if allowed else {}))
    finder.scavenge([str(path) for path in paths])
    found = finder.get_unused_code(min_confidence=CONFIDENCE)
    return [
        f"{item.filename}:{item.first_lineno} {item.typ} {item.name}"
        for item in found
        if Path(item.filename).is_relative_to(paths[-1]) and item.name not in used
    ]


def test_nothing_is_defined_that_nothing_uses(rendered):
    paths = [PROJECT / "benchmarks", PROJECT / "docs", rendered / "src", SOURCE]
    assert unused(paths, names_beside_python(PROJECT, rendered)) == []


def test_every_name_that_is_allowed_to_be_idle_is_there(rendered):
    """The list of pyproject.toml holds what frameworks call, and nothing that has gone."""
    table = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["vulture"]
    text = "\n".join(file.read_text() for file in SOURCE.rglob("*.py"))
    for name in table["ignore_names"]:
        assert re.search(rf"\b{name}\b", text), name


def test_a_function_without_a_use_is_found(tmp_path):
    code = "def helps():\n    return 1\n\n\ndef idle():\n    return helps()\n"
    (tmp_path / "module.py").write_text(code)
    assert unused([tmp_path], set()) == [f"{tmp_path / 'module.py'}:5 function idle"]
    assert unused([tmp_path], {"idle"}) == []


def parameter_classes():
    for challenge in challenges():
        for file in (SOURCE / "podium/pipelines" / challenge).glob("*.py"):
            importlib.import_module(f"podium.pipelines.{challenge}.{file.stem}")
    found, new = set(), {Parameters}
    while new:
        new = {child for parent in new for child in parent.__subclasses__()} - found
        found |= new
    return sorted(
        (each for each in found if each.__module__.startswith("podium.")),
        key=lambda each: (each.__module__, each.__name__),
    )


def attributes_read(tree):
    """Names read as attributes, or as keys of a mapping."""
    read = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            read.add(node.attr)
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            read.add(node.slice.value)
    return read


def unread_fields(classes, texts):
    """Fields of parameter classes that are read neither beside the class nor where it is named."""
    read = {path: attributes_read(ast.parse(text)) for path, text in texts.items()}
    idle = []
    for each in classes:
        family = [other for other in classes if issubclass(other, each)]
        names = [rf"\b{member.__name__}\b" for member in family]
        homes = {member.__module__.rpartition(".")[0].replace(".", "/") for member in family}
        knows = [
            path
            for path, text in texts.items()
            if any(re.search(name, text) for name in names)
            or any(str(path).rpartition("/")[0].endswith(home) for home in homes)
        ]
        seen = set().union(*(read[path] for path in knows))
        own = [name for name in each.__annotations__ if name in each.model_fields]
        idle += [f"{each.__module__}.{each.__name__}.{name}" for name in own if name not in seen]
    return idle


def test_every_parameter_is_read():
    """Unknown keys are refused, so a key of parameters.yml that nothing reads is one of these."""
    texts = {path: path.read_text() for path in SOURCE.rglob("*.py")}
    classes = parameter_classes()
    assert len(classes) > 10
    assert unread_fields(classes, texts) == []


def test_a_parameter_that_nothing_reads_is_found():
    class Idle(Parameters):
        used: int = 1
        idle: int = 2

    text = "class Idle(Parameters):\n    used: int\n    idle: int\nprint(Idle().used)\n"
    found = unread_fields([Idle], {"module": text})
    assert [name.rsplit(".", 1)[1] for name in found] == ["idle"]


def long_modules():
    lengths = {
        path.relative_to(SOURCE).as_posix(): len(path.read_text().splitlines())
        for path in SOURCE.rglob("*.py")
    }
    return {name: length for name, length in lengths.items() if length > 300}


def test_no_module_is_longer_than_a_reader_holds():
    assert long_modules() == {}
