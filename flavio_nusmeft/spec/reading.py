"""A YAML file as a tree whose nodes know their line, and what can be asked of them.

What a scalar is depends on what is needed at its place, not on the rules of YAML 1.1: ``1e-8`` is a
number, and a name that looks like something else is a name.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NoReturn

import yaml

from .._inputs import brief, printable
from ..errors import InvalidSpec, nearest

__all__ = ["Node", "read_text", "read_tree"]

_CHARACTERS, _DEPTH = 100_000, 20
_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_EMPTY = ("", "~", "null")
_INTEGER = re.compile(r"[+-]?\d+")
_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map")}


class Node:
    """A place in the file.

    Attributes
    ----------
    path : str
        The keys that lead there, e.g. ``report.intervals[0]``; empty at the top.
    """

    def __init__(self, node: Any, file: str, path: str = "") -> None:
        self._node, self._file, self.path = node, file, path

    def fail(self, message: str) -> NoReturn:
        """Raise the error for what is at this place.

        Raises
        ------
        InvalidSpec
        """
        where = f"{self._file}, line {self._node.start_mark.line + 1}"
        path = f", {self.path}" if self.path else ""
        raise InvalidSpec(printable(" ".join(f"{where}{path}: {message}".split())))

    @property
    def is_mapping(self) -> bool:
        """Whether it has keys and values."""
        return isinstance(self._node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        """Whether it is a list."""
        return isinstance(self._node, yaml.SequenceNode)

    @property
    def _scalar(self) -> str | None:
        return self._node.value if isinstance(self._node, yaml.ScalarNode) else None

    def _shown(self) -> str:
        if self.is_mapping:
            return "keys with values"
        if self.is_list:
            return "a list"
        empty = self._node.style is None and self._scalar in _EMPTY
        return "nothing" if empty else brief(self._scalar)

    def mapping(
        self, known: Iterable[str] = (), what: str = "names with values"
    ) -> dict[str, Node]:
        """The values by their keys, which must be among ``known`` if there are any."""
        if not self.is_mapping:
            self.fail(f"must be {what}, not {self._shown()}")
        found: dict[str, Node] = {}
        known = tuple(known)
        for key_node, value in self._node.value:
            path = f"{self.path}." if self.path else ""
            key = key_node.value
            if not isinstance(key, str):
                Node(key_node, self._file, self.path).fail("a key must be a name")
            child = Node(value, self._file, f"{path}{key[:80]}")
            at_key = Node(key_node, self._file, child.path)
            if key in found:
                at_key.fail("the key stands more than once")
            if known and key not in known:
                hint = nearest(key, known) or f"; there are {', '.join(known)}"
                at_key.fail(f"there is no such key{hint}")
            found[key] = child
        return found

    def items(self, what: str) -> list[Node]:
        """The entries of a list."""
        if not self.is_list:
            self.fail(f"must be {what}, not {self._shown()}")
        return [
            Node(node, self._file, f"{self.path}[{i}]") for i, node in enumerate(self._node.value)
        ]

    def text(self, what: str) -> str:
        """A name."""
        value = self._scalar
        if value is None or (self._node.style is None and value in _EMPTY):
            self.fail(f"must be {what}, not {self._shown()}")
        return value

    def number(self, what: str = "a number") -> float:
        """A finite number."""
        value = self.text(what)
        try:
            found = float(value)
        except ValueError:
            found = math.nan
        if not math.isfinite(found):
            self.fail(f"must be {what}, not {brief(value)}")
        return found

    def integer(self, least: int, what: str = "an integer") -> int:
        """An integer that is not smaller than ``least``."""
        value = self.text(what)
        if not _INTEGER.fullmatch(value) or len(value) > 18 or int(value) < least:
            self.fail(f"must be {what} >= {least}, not {brief(value)}")
        return int(value)

    def boolean(self) -> bool:
        """``true`` or ``false``."""
        value = self.text("true or false").lower()
        if value not in _BOOLEANS:
            self.fail(f"must be true or false, not {brief(value)}")
        return _BOOLEANS[value]

    def value(self) -> Any:
        """Numbers, names, lists and dictionaries, as they look."""
        if self.is_mapping:
            return {key: node.value() for key, node in self.mapping().items()}
        if self.is_list:
            return [node.value() for node in self.items("a list")]
        value = self.text("a value")
        if self._node.style is not None:
            return value
        if value.lower() in ("true", "false"):
            return _BOOLEANS[value.lower()]
        if _INTEGER.fullmatch(value) and len(value) <= 18:
            return int(value)
        try:
            return float(value)
        except ValueError:
            return value


def read_tree(text: str, file: str) -> Node:
    """The tree of a YAML text; ``file`` is its name in messages.

    Raises
    ------
    InvalidSpec
        If it is not YAML, too long, nested too deeply, or has tags.
    """
    if len(text) > _CHARACTERS:
        raise InvalidSpec(f"{file}: {len(text)} characters are too many")
    if text.lstrip().startswith("{"):  # JSON, indented with tabs
        text = text.replace("\t", " ")
    try:
        # the loader that knows strings only: nothing is made of them, whatever the file says
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = "" if mark is None else f", line {mark.line + 1}"
        reason = getattr(error, "problem", None) or str(error)
        raise InvalidSpec(printable(f"{file}{line}: not YAML: {reason}")) from None
    except RecursionError:
        raise InvalidSpec(f"{file}: nested too deeply") from None
    if node is None:
        raise InvalidSpec(f"{file}: the file is empty")
    _check(node, file, 0, [0])
    return Node(node, file)


def _check(node: Any, file: str, depth: int, count: list[int]) -> None:
    count[0] += 1
    if depth > _DEPTH or count[0] > _CHARACTERS:  # also of aliases
        Node(node, file).fail("nested too deeply, or too many entries")
    if node.tag not in _TAGS:
        Node(node, file).fail(f"tags such as {brief(node.tag)} are not read: leave it out")
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            for each in pair:
                _check(each, file, depth + 1, count)
    elif isinstance(node, yaml.SequenceNode):
        for each in node.value:
            _check(each, file, depth + 1, count)


def read_text(path: Path) -> str:
    """Content of a file, with or without a byte order mark.

    Raises
    ------
    InvalidSpec
    """
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a text file in UTF-8"
        raise InvalidSpec(printable(f"{path}: {reason}")) from None
