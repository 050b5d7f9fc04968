"""Pages work under a strict Content-Security-Policy: nothing inline."""

import re
from pathlib import Path

import pytest
from support.source import ROOT

TEMPLATES = ROOT / "frontend_templates" / "templates"
# Rendered by WeasyPrint or a mail program, neither of which asks for a separate style sheet.
OWN_STYLES = {"documents", "emails", "email"}
INLINE = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style[\s>]", re.IGNORECASE),
    "an inline script": re.compile(
        r"<script(?![^>]*\ssrc\s*=)(?![^>]*application/json)[\s>]", re.IGNORECASE
    ),
    "an event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a javascript: address": re.compile(r"=\s*[\"']?javascript:", re.IGNORECASE),
}


def page_templates() -> list[Path]:
    return [
        path
        for path in sorted(TEMPLATES.rglob("*.html"))
        if not OWN_STYLES & set(path.relative_to(TEMPLATES).parts)
    ]


@pytest.mark.parametrize("path", page_templates(), ids=lambda path: path.name)
def test_nothing_is_inline(path: Path) -> None:
    text = re.sub(
        r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", path.read_text(), flags=re.S
    )
    assert [what for what, pattern in INLINE.items() if pattern.search(text)] == []


@pytest.mark.parametrize("path", page_templates(), ids=lambda path: path.name)
def test_nothing_comes_from_elsewhere(path: Path) -> None:
    """Fonts, scripts and images are ours: no request leaves for a third party."""
    assert not re.search(
        r"<(?:script|link|img)[^>]*(?:src|href)\s*=\s*[\"']https?:", path.read_text()
    )
