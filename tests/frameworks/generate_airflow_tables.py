"""Write or check the Airflow tables of ``pipesense.systems.airflow.tables`` from really installed Airflows.

    python tests/frameworks/generate_airflow_tables.py --prepare DIR          make the environments below (needs uv)
    python tests/frameworks/generate_airflow_tables.py --environments DIR     write the tables
    python tests/frameworks/generate_airflow_tables.py --environments DIR --check

Instead of ``--environments`` the interpreters can be named one by one: ``--airflow2 PY --airflow2-after PY --airflow3 PY
[PY ...]``. Two Airflow 2 are asked: one beside the last provider releases that had the operators which are gone today,
one beside the first releases without them. ``--check`` exits with 1 and shows the difference if a table is not what the
installed packages say. Nothing is imported into this process; every question runs in the interpreter it is about. On two cores the questions take
about a quarter of an hour; ``--answers DIR`` keeps the answers while the tables' form is being worked on.
"""

from __future__ import annotations

import argparse
import difflib
import pathlib
import subprocess
import sys
from collections.abc import Iterable

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from airflow_tables import arguments, context, moved, operators, providers
from airflow_tables.asked import Airflow
from airflow_tables.render import Call, formatted, header, sequence, table, text

TABLES = pathlib.Path(__file__).parents[2] / "server/pipesense/systems/airflow/tables"


def provider(versions: str) -> list[str]:
    return [f"apache-airflow-providers-{entry}" for entry in versions.split()]


SMALL = provider("standard==1.21.0 common-sql==2.4.0")
# Environment name to what is installed with its dependencies, what without them, and plain client libraries.
ENVIRONMENTS: dict[str, tuple[list[str], list[str]]] = {
    "airflow2": (
        [
            "apache-airflow==2.11.2",
            *provider("common-sql==2.4.0 postgres==5.14.0 sqlite==3.9.1 snowflake==5.8.1"),
            *("oracledb", "trino", "slack_sdk", "mergedeep", "kubernetes"),
        ],
        provider(
            "mysql==5.7.4 microsoft-mssql==3.9.2 oracle==3.12.1 jdbc==4.5.3 vertica==3.9.1 trino==5.9.0 http==4.13.3"
            " slack==8.9.2 google==10.26.0 databricks==6.13.0 dbt-cloud==3.11.2 amazon==8.29.0 cncf-kubernetes==9.0.1"
        ),
    ),
    "airflow2-after": (
        ["apache-airflow==2.11.2", *SMALL, "slack_sdk", "mergedeep", "kubernetes"],
        provider(
            "postgres==6.0.0 sqlite==4.0.0 snowflake==6.0.0 mysql==6.0.0 microsoft-mssql==4.0.0 oracle==4.0.0"
            " jdbc==5.0.0 vertica==4.0.0 trino==6.0.0 http==5.0.0 slack==9.0.0 google==11.0.0 databricks==7.0.0"
            " dbt-cloud==4.0.0 amazon==9.0.0 cncf-kubernetes==10.0.0"
        ),
    ),
    "airflow3.0": (["apache-airflow-core==3.0.6", *SMALL], []),
    "airflow3.1": (["apache-airflow-core==3.1.8", *SMALL], []),
    "airflow3.2": (["apache-airflow-core==3.2.2", *SMALL], []),
    "airflow3.3": (
        [
            "apache-airflow-core==3.3.2",
            *SMALL,
            *provider(
                "sqlite==4.3.4 postgres==7.1.1 http==6.3.0 snowflake==6.20.0 slack==9.11.1 databricks==7.23.0"
                " dbt-cloud==4.11.1 amazon==9.39.0 google==22.1.0 cncf-kubernetes==10.25.0 sftp==7.0.0 ssh==7.0.1"
                " ftp==3.16.1 docker==4.6.1 smtp==3.2.0 trino==6.7.1 presto==5.13.1 vertica==4.4.1 jdbc==5.6.1"
                " oracle==4.7.1 exasol==4.11.1 openlineage==2.20.3 common-io==1.11.0"
            ),
        ],
        provider(
            "mysql==6.7.1 microsoft-mssql==4.7.2 microsoft-azure==15.2.1 apache-hive==9.7.1"
            " apache-druid==4.6.1 apache-spark==6.3.4 apache-cassandra==3.10.1 apache-hdfs==4.14.2"
            " apache-pinot==4.10.4 apache-livy==4.6.4 apache-pig==4.9.1 elasticsearch==6.10.0 jenkins==4.2.7"
            " mongo==5.5.1 redis==4.7.1 salesforce==5.15.1 segment==3.10.1 imap==3.13.1 datadog==3.11.1"
            " dingding==3.10.1 discord==3.12.5 opsgenie==5.11.1 grpc==3.10.1 samba==4.14.1 zendesk==4.12.1"
            " microsoft-winrm==3.15.1 sendgrid==4.2.5 cloudant==4.3.7 celery==3.26.0 airbyte==6.2.0"
            " teradata==3.7.1 papermill==3.13.3 neo4j==3.13.1 tableau==5.7.1 apache-kafka==2.1.0"
        ),
    ),
}


def prepare(folder: pathlib.Path) -> None:
    """Make every environment; packages listed second come without their dependencies, to spare client libraries."""
    for name, (whole, bare) in ENVIRONMENTS.items():
        where = folder / name
        subprocess.run(["uv", "venv", "--python", sys.executable, str(where)], check=True)
        install = ["uv", "pip", "install", "--python", str(where / "bin/python")]
        subprocess.run([*install, *whole], check=True)
        if bare:
            subprocess.run([*install, "--no-deps", *bare], check=True)


def packages(airflows: Iterable[Airflow], only: Iterable[str] = ()) -> list[str]:
    """Header lines: Airflow versions, and the providers whose names start with one of `only`."""
    wanted = tuple(only)
    found = {f"apache-airflow {a.version}" for a in airflows}
    for airflow in airflows:
        for name, entry in airflow.distributions.items():
            if wanted and name.startswith(wanted):
                found.add(f"{name} {entry['version']}")
    return sorted(found)


def sets(name: str, entries: dict[str, list[str]]) -> str:
    """Release line to names; each line's set is written out, so a reader needs no other table."""
    body = "".join(f"    {text(line)}: frozenset({text(tuple(names))}),\n" for line, names in entries.items())
    return f"{name}: Final[dict[str, frozenset[str]]] = {{\n{body}}}\n"


def arguments_module(airflows: list[Airflow]) -> str:
    tried = arguments.Tried(airflows)
    by_line = {owner: arguments.names_by_line(airflows, owner) for owner in ("task", "sensor", "dag")}
    parts = [
        header(
            "Arguments of DAG and of every operator by release line, and those that are gone.",
            packages(airflows, SQL_PROVIDERS[1:]),
            long_lines=True,
        ),
        "from typing import Final\n\nfrom .facts import RemovedArgument\n\n",
        sets("BASE_OPERATOR_ARGUMENTS", by_line["task"]),
        sets("SENSOR_ARGUMENTS", by_line["sensor"]),
        sets("DAG_ARGUMENTS", by_line["dag"]),
        sets("TRIGGER_RULES", arguments.trigger_rules(tried)),
        sequence("REMOVED_ARGUMENTS", "tuple[RemovedArgument, ...]", arguments.removed(tried, airflows)),
    ]
    return "".join(parts)


def defaults_module(airflows: list[Airflow]) -> str:
    entries = {
        key: tuple(Call("ArgumentDefault", since, Raw(value), option) for since, value, option in history)
        for key, history in arguments.defaults(airflows).items()
    }
    return (
        header(
            "Defaults by owner and argument, one entry per change.", packages(airflows, SQL_PROVIDERS), long_lines=True
        )
        + "from datetime import timedelta\nfrom typing import Final\n\nfrom .facts import ArgumentDefault\n\n"
        + f'OLDEST: Final = "{airflows[0].line}"\n\n'
        + table("DEFAULTS", "dict[tuple[str, str], tuple[ArgumentDefault, ...]]", entries)
    )


class Raw(Call):
    """A default in source form."""

    def __init__(self, value: object) -> None:
        super().__init__("")
        self.value = value

    def text(self) -> str:
        if hasattr(self.value, "total_seconds"):
            return f"timedelta(seconds={self.value.total_seconds():g})"
        return f'"{self.value}"' if isinstance(self.value, str) else repr(self.value)


SQL_PROVIDERS = ["apache-airflow-providers-common-sql", "apache-airflow-providers-standard"]
ROW = "tuple[OperatorKind, str, str, str, str, str, str, bool | None, bool]"
ROW_COMMENT = (
    "# kind, template fields, own arguments, connection arguments, SQL argument, table argument, dialect, network,"
    " sensor\n"
)


def operators_module(rows: dict[str, operators.Row], what: str, said: list[str]) -> str:
    return (
        header(f"Operator facts: {what}.", said, long_lines=True)
        + "from typing import Final\n\nfrom .facts import OperatorKind\n\n"
        + ROW_COMMENT
        + table("OPERATORS", f"dict[str, {ROW}]", rows)
    )


def moved_modules(airflows: list[Airflow], after: Airflow) -> dict[str, str]:
    found = moved.build(airflows, after)
    said = packages([*airflows, after], SQL_PROVIDERS)
    importing = "from typing import Final\n\nfrom .facts import MovedName\n\n"
    names = header("Modules and names of Airflow that are gone or elsewhere.", said, long_lines=True) + importing
    names += table("MODULES", "dict[str, MovedName]", found["MODULES"])
    names += table("NAMES", "dict[str, MovedName]", found["NAMES"])
    legacy = header("Airflow 1 paths that Airflow 2 still redirected.", said, long_lines=True)
    legacy += "from typing import Final\n\n"
    legacy += f'LEGACY_REMOVED: Final = "{airflows[1].line}"\n\n'
    legacy += "# old name: new name, first release line that has it, distribution that brings it\n"
    legacy += table("LEGACY", "dict[str, tuple[str, str, str]]", found["LEGACY"])
    gone = providers.build(airflows[0], after, airflows[-1])
    touched = sorted({str(c.keywords["package"]) for c in gone.values()})
    provider_names = header(
        "Provider classes and modules that are gone.", packages([airflows[0], after], touched), long_lines=True
    )
    provider_names += importing + table("PROVIDER_NAMES", "dict[str, MovedName]", gone)
    return {"moved_names": names, "moved_legacy": legacy, "moved_providers": provider_names}


def context_module(airflows: list[Airflow]) -> str:
    return (
        header("Import paths of constructs, context keys, task decorators.", packages(airflows), long_lines=True)
        + "from typing import Final\n\nfrom .facts import ContextKey, ImportPath\n\n"
        + table("CONSTRUCTS", "dict[str, tuple[ImportPath, ...]]", context.constructs(airflows))
        + table("CONTEXT_KEYS", "dict[str, ContextKey]", context.keys(airflows))
        + "# Name after `@task.` to the function that implements it, in the newest Airflow and its providers.\n"
        + table("TASK_DECORATORS", "dict[str, str]", context.decorators(airflows[-1]))
    )


def modules(airflows: list[Airflow], after: Airflow) -> dict[str, str]:
    """Module name to its formatted source."""
    newest = airflows[-1]
    rows = operators.current(newest)
    google, amazon = "apache-airflow-providers-google", "apache-airflow-providers-amazon"
    others = [
        n for n in newest.distributions if n.startswith("apache-airflow-providers-") and n not in (google, amazon)
    ]
    sources = {
        "arguments": arguments_module(airflows),
        "context": context_module(airflows),
        "defaults": defaults_module(airflows),
        "operators": operators_module(
            rows["operators"], "standard, SQL and most providers", packages([newest], others)
        ),
        "operators_airflow2": operators_module(
            operators.older(airflows[0]), "Airflow 2's own and its providers' removed ones", packages([airflows[0]])
        ),
        "operators_amazon": operators_module(rows["operators_amazon"], "Amazon", packages([newest], [amazon])),
        "operators_google": operators_module(rows["operators_google"], "Google", packages([newest], [google])),
        **moved_modules(airflows, after),
    }
    return {name: formatted(source, TABLES / f"{name}.py") for name, source in sorted(sources.items())}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prepare", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--environments", type=pathlib.Path, metavar="DIR")
    parser.add_argument("--airflow2", type=pathlib.Path, metavar="PY")
    parser.add_argument("--airflow2-after", type=pathlib.Path, metavar="PY")
    parser.add_argument("--airflow3", type=pathlib.Path, nargs="+", metavar="PY")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a table is out of date")
    parser.add_argument("--answers", type=pathlib.Path, metavar="DIR", help="keep and reuse the packages' answers")
    options = parser.parse_args()
    if options.prepare:
        prepare(options.prepare)
        return 0
    if options.environments:
        pythons = {name: options.environments / name / "bin/python" for name in ENVIRONMENTS}
        options.airflow2, options.airflow2_after = pythons.pop("airflow2"), pythons.pop("airflow2-after")
        options.airflow3 = list(pythons.values())
    if not (options.airflow2 and options.airflow2_after and options.airflow3):
        parser.error("name --environments, or --airflow2, --airflow2-after and --airflow3")
    three = sorted((Airflow(p, options.answers) for p in options.airflow3), key=lambda a: a.line)
    airflows = [Airflow(options.airflow2, options.answers), *three]
    return write(modules(airflows, Airflow(options.airflow2_after, options.answers)), check=options.check)


def write(sources: dict[str, str], *, check: bool) -> int:
    stale = 0
    for name, source in sources.items():
        path = TABLES / f"{name}.py"
        before = path.read_text("utf-8") if path.exists() else ""
        if before == source:
            continue
        stale = 1
        if check:
            sys.stdout.writelines(
                difflib.unified_diff(before.splitlines(True), source.splitlines(True), str(path), "installed packages")
            )
        else:
            path.write_text(source, "utf-8")
            print(f"wrote {path}")
    return stale if check else 0


if __name__ == "__main__":
    raise SystemExit(main())
