"""The texts of the interface by key, in its languages: one file each, `notifier/tongues/<code>.yaml`. Pure.

A leaf is a text, or its plural forms by CLDR's names. Those under `alert` are the few words of ours in an alert; what a story says stays
in its own language. The conversation goes through `notifier.tongue`, which knows plurals, dates and numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

DEFAULT = "en"
LANGUAGES = ("en", "fr", "de", "es")
Text = str | Mapping[str, str]


def language(tag: str) -> str:
    """The language of the interface for a tag such as `pt-BR`; English for those that we do not speak."""
    short = tag.lower().replace("_", "-").split("-")[0]
    return short if short in LANGUAGES else DEFAULT


@cache
def texts(code: str) -> Mapping[str, Text]:
    """Every text of one of our languages, by its key with dots."""
    source = files("notifier").joinpath("tongues", f"{code}.yaml").read_text(encoding="utf-8")
    return dict(_flat(yaml.safe_load(source), ""))


def label(name: str, lang: str, *words: object) -> str:
    """The label of that name in the language of a tag, with these words in it; raises KeyError for a name that is none."""
    return str(texts(language(lang))[f"alert.{name}"]).format(*words)


def known(name: str) -> bool:
    """Whether there is a label of this name."""
    return f"alert.{name}" in texts(DEFAULT)


def _flat(tree: Mapping[str, Any], above: str) -> Iterator[tuple[str, Text]]:
    for name, found in tree.items():
        if isinstance(found, Mapping) and "other" not in found:
            yield from _flat(found, f"{above}{name}.")
        else:
            yield f"{above}{name}", found
