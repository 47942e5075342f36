"""In which order stale files are worked on."""

from __future__ import annotations

from itertools import pairwise

from pipesense.engine.agenda import Agenda
from pipesense.engine.index import Stage
from pipesense.host.rulepacks import load_registry
from pipesense.lang.languages import language_of
from support.memory import workspace


def order(agenda: Agenda, reads: dict[str, tuple[str, ...]]) -> list[str]:
    """Every step until nothing is left; ``reads`` are the tables that a file turns out to read."""
    found: list[str] = []
    while (path := agenda.next(lambda _: False)) is not None:
        stage = agenda.drop(path)
        assert stage is not None
        found.append(f"{path} {Stage(stage).name.lower()}")
        if stage < Stage.JUDGE:
            agenda.mark(path, stage + 1, reads.get(path, ()) if stage == Stage.LINK else ())
    return found


def test_what_a_file_reads_is_linked_before_it_is_judged() -> None:
    agenda = Agenda(language_of)
    for path in ("m/a.sql", "m/b.sql", "m/c.sql", "m/d.sql", "p.py"):
        agenda.mark(path, Stage.LINK)
    assert order(agenda, {"m/a.sql": ("c",), "m/c.sql": ("d", "nowhere")}) == [
        "p.py link",
        *("m/a.sql link", "m/c.sql link", "m/d.sql link"),
        *("m/a.sql compose", "m/c.sql compose", "m/d.sql compose"),
        *("m/a.sql judge", "m/c.sql judge", "m/d.sql judge"),
        *("m/b.sql link", "m/b.sql compose", "m/b.sql judge"),
        *("p.py compose", "p.py judge"),
    ]
    assert len(agenda) == 0


def test_a_chain_of_models_is_read_once_each() -> None:
    names = [f"m{number:02}" for number in range(30)]
    files = {"dbt_project.yml": "name: x\n", f"models/{names[-1]}.sql": "select 1 as n"}
    files |= {f"models/{one}.sql": f"select n from {{{{ ref('{two}') }}}}" for one, two in pairwise(names)}
    made = workspace(files, registry=load_registry())
    made.index_all()
    assert made.counters.files_linked == len(names) + 1  # the project itself
    assert made.counters.statements_read == len(names)


def test_a_finished_file_that_is_stale_again_waits_for_those_that_were_never_read() -> None:
    agenda = Agenda(language_of)
    for path in ("a.sql", "b.sql", "c.sql", "p.py"):
        agenda.mark(path, Stage.COMPOSE if path == "p.py" else Stage.LINK)
    agenda.drop("a.sql")
    agenda.mark("a.sql", Stage.JUDGE, again=True)
    agenda.mark("a.sql", Stage.LINK, again=True)
    assert order(agenda, {}) == [
        *("b.sql link", "b.sql compose", "b.sql judge"),
        *("c.sql link", "c.sql compose", "c.sql judge"),
        *("a.sql link", "a.sql compose", "a.sql judge"),
        *("p.py compose", "p.py judge"),
    ]


def test_a_file_that_reads_tables_of_many_others_is_not_read_anew_for_each() -> None:
    names = [f"t{number:03}" for number in range(60)]
    files = {"a/all_views.sql": "".join(f"CREATE VIEW v_{name} AS SELECT n FROM {name};\n" for name in names)}
    files |= {f"b/{name}_new.sql": f"CREATE TABLE {name} (n INT, m INT);" for name in names}
    made = workspace(files, registry=load_registry())
    made.index_all()
    assert made.counters.files_linked <= len(names) + 2
