"""The command line's words, read into plain data."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pipesense
from pipesense.cli.formats import FORMATS
from pipesense.rule.meta import Severity

_DESCRIPTION: Final = "Find data quality and reliability problems in data pipelines and SQL."
_EXIT_CODES: Final = """\
exit codes:
  0  nothing at or above --fail-on
  1  findings
  2  a mistake in the settings or on the command line; every finding that does not depend on it is still shown
  3  an internal error; everything else is still shown
"""
_CHECKS_EXIT_CODES: Final = """\
exit codes:
  0  the checks were printed, and written if that was asked for
  1  with --write: the checks of a table were not written
  2  there is no such table, dialect or file
  3  an internal error
"""


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What ``pipesense check`` was asked to do."""

    paths: tuple[str, ...] = (".",)
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    fix: bool = False
    unsafe_fixes: bool = False
    diff: bool = False
    format: str = "text"
    fail_on: Severity = Severity.WARNING
    level: Severity = Severity.INFO
    baseline: str | None = None
    write_baseline: bool = False
    stdin_filename: str | None = None
    verbose: bool = False


@dataclass(frozen=True, slots=True)
class RulesOptions:
    """What ``pipesense rules`` was asked to do."""

    format: str = "text"


@dataclass(frozen=True, slots=True)
class ExplainOptions:
    """What ``pipesense explain`` was asked to do."""

    name: str
    all_examples: bool = False


@dataclass(frozen=True, slots=True)
class ChecksOptions:
    """What ``pipesense checks`` was asked to do."""

    target: str
    form: str | None = None
    dialect: str | None = None
    everything: bool = False
    write: bool = False
    format: str = "text"


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What ``pipesense server`` was asked to do; ``tcp`` None means standard input and output."""

    tcp: int | None = None


Options = CheckOptions | ChecksOptions | RulesOptions | ExplainOptions | ServerOptions


def parse(arguments: Sequence[str]) -> Options:
    """The options that the arguments mean.

    Raises:
        SystemExit: with 2 for a mistake, with 0 after ``--help`` or ``--version``.
    """
    parser = _parser()
    read = parser.parse_args(arguments)
    if read.command == "rules":
        return RulesOptions(read.format)
    if read.command == "explain":
        return ExplainOptions(read.name, read.all_examples)
    if read.command == "checks":
        return ChecksOptions(read.target, read.form, read.dialect, read.all, read.write, read.format)
    if read.command == "server":
        return ServerOptions(read.tcp)
    options = _check_options(read)
    problem = _contradiction(options, read.paths)
    if problem:
        parser.error(problem)
    return options


def _check_options(read: argparse.Namespace) -> CheckOptions:
    return CheckOptions(
        paths=tuple(read.paths) or (".",),
        select=_words(read.select),
        ignore=_words(read.ignore),
        fix=read.fix,
        unsafe_fixes=read.unsafe_fixes,
        diff=read.diff,
        format=read.format,
        fail_on=read.fail_on,
        level=read.level,
        baseline=read.baseline,
        write_baseline=read.write_baseline,
        stdin_filename=read.stdin_filename,
        verbose=read.verbose,
    )


def _contradiction(options: CheckOptions, paths: Sequence[str]) -> str | None:
    if options.unsafe_fixes and not (options.fix or options.diff):
        return "--unsafe-fixes says which fixes to apply; add --fix to apply them or --diff to see them first"
    if options.diff and options.format != "text":
        return "--diff prints a patch, so it cannot print another format as well"
    if options.stdin_filename is not None and [path for path in paths if path != "-"]:
        return "--stdin-filename reads one file from standard input; it takes no paths"
    if options.stdin_filename is None and "-" in paths:
        return "reading standard input needs --stdin-filename, which says what kind of file it is"
    if options.stdin_filename is not None and options.fix and not options.diff:
        return "--fix has no file to write when it reads standard input; use --diff"
    if options.write_baseline and (options.fix or options.diff):
        return "--write-baseline records findings and --fix removes them; run one after the other"
    return None


def _words(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(word.strip() for each in given for word in each.split(",") if word.strip())


def _severity(word: str) -> Severity:
    found = Severity.parse(word)
    if found is None:
        raise argparse.ArgumentTypeError(f"choose from {', '.join(level.word for level in Severity)}, not {word!r}")
    return found


def _port(word: str) -> int:
    if not word.isdecimal() or int(word) > 65_535:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {word!r}")
    return int(word)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pipesense",
        description=_DESCRIPTION,
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"pipesense {pipesense.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_check(commands)
    rules = commands.add_parser("rules", help="list all rules", allow_abbrev=False)
    rules.add_argument(
        "--format", choices=("text", "json", "schema"), default="text", help="schema: JSON Schema of the configuration"
    )
    explain = commands.add_parser("explain", help="show the page of a rule or a pattern", allow_abbrev=False)
    explain.add_argument("name", metavar="ID", help="a rule (reliability/no-retries), a concern or a pattern")
    explain.add_argument(
        "--all-examples", action="store_true", help="show every example of the page, not only the first"
    )
    _add_checks(commands)
    server = commands.add_parser("server", help="run the language server", allow_abbrev=False)
    channel = server.add_mutually_exclusive_group()
    channel.add_argument("--stdio", action="store_true", help="speak on standard input and output (the default)")
    channel.add_argument("--tcp", type=_port, metavar="PORT", help="listen on this port of 127.0.0.1 instead")
    # VS Code's client appends the process id of the editor; the server learns it from the protocol.
    server.add_argument("--clientProcessId", help=argparse.SUPPRESS)
    return parser


def _add_checks(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    checks = commands.add_parser(
        "checks",
        help="propose quality checks for a table, and write them",
        description="Say which quality checks a table deserves and why, in the form that the project uses.",
        epilog=_CHECKS_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    checks.add_argument(
        "target", metavar="TABLE|PATH", help="a table (mart.orders), or a file whose tables or dbt model are meant"
    )
    checks.add_argument(
        "--form", choices=("sql", "dbt", "airflow", "gx", "code"), help="(default: what the project uses)"
    )
    checks.add_argument("--dialect", metavar="NAME", help="the SQL dialect (default: that of the table's definition)")
    checks.add_argument("--all", action="store_true", help="also what the database itself enforces")
    checks.add_argument("--write", action="store_true", help="insert the checks into the project")
    checks.add_argument("--format", choices=("text", "json"), default="text")


def _add_check(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = commands.add_parser(
        "check",
        help="find problems, and fix them",
        description="Analyse the project that holds each PATH and print the findings of PATH.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    check.add_argument("paths", nargs="*", metavar="PATH", help="files and folders (default: the current folder)")
    check.add_argument("--verbose", action="store_true", help="also tell what was read, and each SQL dialect and why")
    check.add_argument("--stdin-filename", metavar="NAME", help="check standard input as if it were this file")

    rules = check.add_argument_group("rules")
    for name, what in (("select", "use only these"), ("ignore", "leave these out")):
        rules.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar="IDS",
            help=f"{what}: rules or concerns, separated by commas",
        )

    output = check.add_argument_group("output")
    output.add_argument("--format", choices=FORMATS, default="text", help="(default: %(default)s)")
    output.add_argument(
        "--level",
        type=_severity,
        default=Severity.INFO,
        metavar="SEVERITY",
        help="show findings from here up: error, warning, info (the default), hint; json always has all",
    )
    output.add_argument(
        "--fail-on",
        type=_severity,
        default=Severity.WARNING,
        metavar="SEVERITY",
        help="exit with 1 for findings from here up (default: warning)",
    )
    output.add_argument("--baseline", metavar="FILE", help="hide the findings that this file records")
    output.add_argument("--write-baseline", action="store_true", help="record all findings in the baseline file")

    fixes = check.add_argument_group("fixes")
    fixes.add_argument(
        "--fix", action="store_true", help="apply the fixes of what is shown that cannot change a result"
    )
    fixes.add_argument("--unsafe-fixes", action="store_true", help="also those that want to be read")
    fixes.add_argument("--diff", action="store_true", help="print what would be fixed as a patch, write nothing")
