"""Names that no array should have, and a store whose every name is one of them."""

from pathlib import Path

from support import snapshot_rows as plain

from analyzer.store.layout import Store

NASTY = (
    "<script>alert(1)</script>",
    "</svg></title></desc><img src=x onerror=alert(1)>",
    "'\"><a href=javascript:alert(1)>",
    "=cmd|' /c calc'!a0",
    "\u202egnp.exe\u2066",
    "\x00\x07\x1b[31m\ufffe\nline",
    "{{ 7 * 7 }} {% raw %} ${7*7} &lt;&#x0;",
    "]]><!--",
    "x" * 20_000,
    "url(http://example.invalid/x)",
)


def hostile_store(folder: Path) -> Store:
    """Every nasty name is an initiator, an alias, an interface; each is lost."""
    rows = []
    for number, text in enumerate(NASTY):
        row = plain.row("s", number, number)
        rows.append(
            row
            | dict.fromkeys(("initiator", "alias", "interface", "interface_id"), text)
            | {"igroups": [{"uuid": text, "name": text}]}
        )
    rest = [plain.row("s", 99, 99)]
    looks = [plain.lone("complete", [*rows, *rest], 0), plain.lone("complete", rest, 5)]
    return plain.stored(str(folder), "store", looks)
