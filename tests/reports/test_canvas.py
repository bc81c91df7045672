"""A picture as an element of a page."""

from __future__ import annotations

import re

import pytest

from churnscope.reports.canvas import drawn, inline

LABEL = '"><script>alert(1)</script>'


def draw(axes):
    axes.plot([1, 2], [3, 1], marker="o", label="$x^2$ & <b>")
    axes.set_title("costs $5 or $6")
    axes.legend()


@pytest.fixture(scope="module")
def element():
    return inline(drawn(draw), prefix="one", label=LABEL)


def test_it_brings_no_style_no_outer_name_and_no_clock(element):
    assert element.startswith("<svg ")
    for foreign in ("<style", "style=", "xmlns", "http", "<metadata", "<!--", "DOCTYPE"):
        assert foreign not in element, foreign


def test_its_ids_are_its_own_and_every_reference_has_one(element):
    ids = re.findall(r'\bid="([^"]+)"', element)
    referred = re.findall(r'(?:href="#|url\(#)([^")]+)', element)
    assert referred
    assert set(referred) <= set(ids)
    assert all(name.startswith("one-") for name in ids)


def test_its_label_is_escaped(element):
    assert "<script" not in element
    assert 'role="img"' in element


def test_it_scales_with_its_place(element):
    assert re.search(r'viewBox="0 0 504 331\.2"', element)
    assert re.search(r"<svg[^>]* width=", element) is None


def test_a_dollar_sign_is_drawn_as_it_is():
    def broken_formula(axes):
        axes.set_title(r"$\frac{")

    assert drawn(broken_formula).startswith(b"<?xml")
