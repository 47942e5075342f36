"""Only the readers of what really changed become stale."""

from __future__ import annotations

from pipesense.engine.index import Index, Stage


def test_equal_values_change_nothing() -> None:
    index = Index()
    assert index.export("a", Stage.LINK, {("k",): 1, ("l",): 2}) == {("k",), ("l",)}
    assert index.export("a", Stage.LINK, {("k",): 1, ("l",): 3}) == {("l",)}
    assert index.export("a", Stage.LINK, {("l",): 3}) == {("k",)}
    assert index.get(("k",)) == ()
    assert index.get(("l",)) == (3,)


def test_readers_of_missing_keys_wake_too() -> None:
    index = Index()
    index.record_reads("reader", Stage.JUDGE, [("k",)])
    index.record_reads("reader", Stage.COMPOSE, [("k",), ("other",)])
    assert index.readers(index.export("a", Stage.LINK, {("k",): 1})) == {"reader": Stage.COMPOSE}
    index.record_reads("reader", Stage.COMPOSE, [("other",)])
    assert index.readers([("k",)]) == {"reader": Stage.JUDGE}
    index.record_reads("reader", Stage.JUDGE, [])
    assert index.readers([("k",)]) == {}


def test_a_dropped_file_is_gone_from_answers() -> None:
    index = Index()
    index.export("a", Stage.LINK, {("k",): 1})
    index.export("b", Stage.COMPOSE, {("k",): 2})
    assert index.get(("k",)) == (1, 2)
    assert index.get(("k",), without="a") == (2,)
    assert index.drop("a") == {("k",)}
    assert index.get(("k",)) == (2,)
