"""Every call that a wrong answer leads to is shown as Python that Python can parse."""

import ast

import pytest

import rust_for_ai._rust_for_ai as compiled

# What is said around the values of a stage, and is no code in either language.
PROSE = {
    "real_tokenizers.train_word_counts",
    "real_tokenizers.train_incremental",
    "real_tokenizers.encode_fast",
    "real_tokenizers.repair_quadratic",
    "real_tokenizers.repair_byte_table",
    "llama.kv_cache",
    "llama.chat",
}


@pytest.mark.parametrize("chapter", ["bpe", "real_tokenizers", "llama"])
def test_calls_and_values_are_python(chapter):
    shown = compiled._wrong_calls(chapter)
    assert len(shown) > 30
    for stage, call, expected in shown:
        assert "::" not in call and "&" not in call.replace("<|", ""), (stage, call)
        assert "Some(" not in expected and "Ok(" not in expected, (stage, expected)
        for text in (call, expected.removeprefix("raises ")):
            # A long list loses its middle, in any language.
            if "…" not in text and stage not in PROSE:
                ast.parse(text)
