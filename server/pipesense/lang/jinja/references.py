"""dbt's names for tables: ``{{ ref('orders') }}`` and ``{{ source('raw', 'orders') }}``.

https://docs.getdbt.com/reference/dbt-jinja-functions/ref and .../source (dbt 1.8).
"""

from __future__ import annotations

from typing import Final, NamedTuple

from pipesense.text.regex import regex

_QUOTED: Final = r"""['"]([^'"{}]+)['"]"""
_REF: Final = regex(
    rf"\{{\{{-?\s*(?:builtins\.)?ref\(\s*{_QUOTED}\s*(?:,\s*{_QUOTED}\s*)?"
    rf"(?:,\s*(?:v|version)\s*=\s*['\"]?(?P<version>\w+)['\"]?\s*)?\)\s*-?\}}\}}"
)
_SOURCE: Final = regex(rf"\{{\{{-?\s*(?:builtins\.)?source\(\s*{_QUOTED}\s*,\s*{_QUOTED}\s*\)\s*-?\}}\}}")


class Reference(NamedTuple):
    """A table by dbt's names: ``kind`` is "ref" or "source"; ``group`` a package or the source's name, or "".

    Of one version of a model (``v=2``) ``name`` is that of its file.
    """

    kind: str
    group: str
    name: str


class StarMacro(NamedTuple):
    """``dbt_utils.star``: all columns of ``table`` (a tag that names it) but some, with what is put around them."""

    table: str
    excluded: tuple[str, ...]
    prefix: str
    suffix: str


def reference(text: str) -> Reference | None:
    """What a whole tag names; None for other tags and for names that are made up when it runs."""
    match = _REF.fullmatch(text)
    if match is not None:
        name, version = match[2] or match[1], match["version"]
        return Reference("ref", match[1] if match[2] else "", f"{name}_v{version}" if version else name)
    match = _SOURCE.fullmatch(text)
    return Reference("source", match[1], match[2]) if match is not None else None


def star_macro(text: str) -> StarMacro | None:
    """What a whole tag that calls ``dbt_utils.star`` lists; None for others and for arguments that no text spells out.

    https://github.com/dbt-labs/dbt-utils/blob/1.3.0/macros/sql/star.sql
    """
    if "star(" not in text:
        return None
    from pipesense.lang.jinja.expressions import Call, Const, Items
    from pipesense.lang.jinja.template import read_template

    tags = read_template(text).tags
    call = tags[0].expressions[0] if len(tags) == 1 and len(tags[0].expressions) == 1 else None
    if not isinstance(call, Call) or call.name not in ("dbt_utils.star", "star") or call.open:
        return None
    given = dict(zip(("from", "relation_alias", "except", "prefix", "suffix"), call.args, strict=False))
    given.update((each.name, each.value) for each in call.kwargs)
    table = given.pop("from", None)
    if not isinstance(table, Call) or reference(f"{{{{ {table.span.of(text)} }}}}") is None:
        return None
    left_out, words = given.pop("except", None), []
    for key in ("prefix", "suffix"):
        word = given.pop(key, None)
        if word is not None and not (isinstance(word, Const) and isinstance(word.value, str)):
            return None
        words.append(str(word.value) if isinstance(word, Const) else "")
    if set(given) - {"relation_alias", "quote_identifiers"}:
        return None
    listed = left_out.items if isinstance(left_out, Items) else ()
    names = [each.value for each in listed if isinstance(each, Const) and isinstance(each.value, str)]
    if (left_out is not None and not isinstance(left_out, Items)) or len(names) != len(listed):
        return None
    return StarMacro(f"{{{{ {table.span.of(text)} }}}}", tuple(names), words[0], words[1])
