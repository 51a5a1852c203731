"""Markdown as plain text, for what is read aloud, searched and quoted. Pure.

Raw HTML is never markup here: tags stay as the characters they are, and whoever shows the text escapes it like any other.
"""

import re

_FENCE = re.compile(r"^\s*(?:```|~~~).*$", re.MULTILINE)
_HEADING = re.compile(r"^\s{0,3}#{1,6}[ \t]+", re.MULTILINE)
_UNDERLINE = re.compile(r"^\s{0,3}(?:=+|-{3,}|\*{3,}|_{3,})\s*$", re.MULTILINE)
_QUOTE = re.compile(r"^\s{0,3}(?:>[ \t]?)+", re.MULTILINE)
_BULLET = re.compile(r"^(\s*)[*+-][ \t]+", re.MULTILINE)
_IMAGE_OR_LINK = re.compile(r"!?\[([^\[\]\n]{0,500})\]\([^()\s]{0,2000}(?:\s\"[^\"\n]{0,200}\")?\)")
_AUTOLINK = re.compile(r"<(https?://[^<>\s]{1,2000}|[^<>\s@]{1,64}@[^<>\s]{1,255})>")
_STRONG = re.compile(r"(\*\*|__|~~)(?=\S)([^\n]{1,500}?)(?<=\S)\1")
_EMPHASIS = re.compile(r"(?<![\w*_])([*_])(?=\S)([^*_\n]{1,500}?)(?<=\S)\1(?![\w*_])")
_CODE = re.compile(r"`([^`\n]{1,500})`")
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!>~-])")
_ASIDE = 0xE000  # where escaped signs wait, in the private area of Unicode, until the others are read
_BACK = {_ASIDE + code: code for code in range(128)}
_CELLS = re.compile(r"^\s*\|?(?:\s*:?-{3,}:?\s*\|)+\s*:?-*:?\s*$", re.MULTILINE)


def plain_text(markdown: str) -> str:
    """The words of a Markdown text, without its signs: headings, lists and tables become lines, links their text."""
    text = _ESCAPED.sub(lambda found: chr(_ASIDE + ord(found[1])), markdown.replace("\r\n", "\n"))
    text = _FENCE.sub("", text)
    text = _UNDERLINE.sub("", _CELLS.sub("", text))
    text = _BULLET.sub(r"\1• ", _HEADING.sub("", _QUOTE.sub("", text)))
    text = _AUTOLINK.sub(r"\1", _IMAGE_OR_LINK.sub(r"\1", text))
    text = _CODE.sub(r"\1", _EMPHASIS.sub(r"\2", _STRONG.sub(r"\2", text)))
    text = text.translate(_BACK)
    return re.sub(r"\n{3,}", "\n\n", text).strip()
