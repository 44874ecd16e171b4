"""What notebooks are made of: the examples in the documentation run, and bars are where their values are."""

import doctest
import math
import re

import pytest

import rust_for_ai.notebook as notebook
from rust_for_ai.notebook import Axis, bars, needs


def test_examples_in_the_documentation_run():
    found = doctest.testmod(notebook)
    assert found.attempted > 10
    assert found.failed == 0


def drawn(axis, *values):
    """The left end and the width of each bar."""
    html = bars("see", axis, [(str(value), value, value, value) for value in values])._repr_html_()
    return [(float(x), float(width)) for x, width in re.findall(r'<rect x="([\d.]+)" y="\d+" width="([\d.]+)"', html)]


def test_bars_are_as_long_as_their_values_or_as_their_logarithms():
    (_, one), (_, two), (_, none) = drawn(Axis("a", "b"), 5.0, 10.0, 0.0)
    assert math.isclose(2 * one, two, abs_tol=0.2) and none == 0
    (begin, ten), (same, hundred), (left, tenth) = drawn(Axis("a", "b", log=True), 10.0, 100.0, 0.1)
    assert math.isclose(2 * ten, hundred, abs_tol=0.2)
    # What is below 1 goes to the left of it.
    assert begin == same and math.isclose(left + tenth, begin, abs_tol=0.2) and math.isclose(tenth, ten, abs_tol=0.2)


def test_bars_may_be_all_alike_or_none():
    assert drawn(Axis("a", "b", log=True), 1.0, 1.0)[0][1] == 0
    assert drawn(Axis("a", "b"), 0.0)[0][1] == 0
    assert "no bars" in bars("see", Axis("a", "b"), [])._repr_html_()


def test_names_are_shown_as_they_are_and_a_spread_has_a_whisker():
    html = bars("<see>", Axis("a", "b"), [("<b>", 2.0, 1.0, 3.0), ("c", 2.0, 2.0, 2.0)], ["c"])._repr_html_()
    assert "&lt;b&gt;" in html and "&lt;see&gt;" in html and "<b>" not in html
    assert html.count("<path") == 1


@pytest.mark.parametrize("axis, value", [(Axis("a", "b", log=True), 0.0), (Axis("a", "b", log=True), -1.0), (Axis("a", "b"), math.nan)])
def test_what_has_no_place_on_the_axis_is_refused(axis, value):
    with pytest.raises(ValueError, match="expected (positive|finite) values"):
        bars("see", axis, [("a", value, value, value)])


def test_a_missing_package_is_one_sentence():
    with pytest.raises(ImportError) as caught:
        needs("a command", "math", "no_such_package", "nor_this")
    assert caught.value._render_traceback_() == ["not installed here: no_such_package, nor_this; `a command` installs them"]
