"""Formulas as MathML Core, which browsers show without scripts, fonts or a network."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.util import logging

_LOGGER = logging.getLogger(__name__)
_CONVERTER = LatexToMathML()
_COLOURS = re.compile("\x1b\\[[0-9;]*m")


def _mathml(node: nodes.Node, display: bool) -> str:
    latex = node.astext().strip()
    if display and r"\\" in latex and r"\begin{" not in latex:
        latex = rf"\begin{{aligned}}{latex}\end{{aligned}}"
    try:
        return _CONVERTER.convert_with_local_state(latex, displaystyle=display)
    except LatexError as error:
        reason = _COLOURS.sub("", str(error)).strip().splitlines()[0]
        _LOGGER.warning("formula %s: %s", latex, reason, location=node)
        return f"<code>{escape(latex)}</code>"


def _inline(self: Any, node: nodes.Node) -> None:
    self.body.append(_mathml(node, display=False))
    raise nodes.SkipNode


def _block(self: Any, node: nodes.Node) -> None:
    start = self.starttag(node, "div", CLASS="math-block")
    self.body.append(f"{start}{_mathml(node, display=True)}</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
