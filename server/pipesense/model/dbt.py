"""What a dbt project says of itself: its nodes, what its YAML files add to them, its sources and macros.

Everything is what one file says; who asks puts it together (``rule.dbt.DbtView``). Facts that differ in places only are
equal, so that others are not bothered while somebody types. https://docs.getdbt.com/reference (1.10).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias, Union

from pipesense.model.where import Loc

Setting: TypeAlias = Union[
    str, int, float, bool, tuple["Setting", ...], tuple[tuple[str, "Setting"], ...], "Dynamic", None
]
"""A configured value; a mapping is a tuple of pairs."""


@dataclass(frozen=True, slots=True)
class Dynamic:
    """A value that a template or an expression decides; ``text`` is what stands there."""

    text: str


@dataclass(frozen=True, slots=True)
class DbtSetting:
    """One configured key, where it stands (``at`` its value, ``key_at`` its name)."""

    key: str
    value: Setting
    at: Loc = field(compare=False)
    key_at: Loc = field(compare=False)
    old_place: bool = False
    """It stands beside ``config:`` rather than in it."""


@dataclass(frozen=True, slots=True)
class DbtReference:
    """``ref(...)`` or ``source(...)``. ``names`` are its constant arguments, () where one is made up at run time.

    ``hint``: it stands in an SQL comment, which dbt reads as well. ``at`` is the last name with its quotes.
    """

    kind: str
    names: tuple[str, ...]
    version: str
    at: Loc = field(compare=False)
    whole: Loc = field(compare=False)
    hint: bool = False
    optional: bool = False
    """It stands in a branch or a macro, so that it may never be reached."""

    @property
    def name(self) -> str:
        """The model's or table's name, "" where nobody can tell."""
        return self.names[-1] if self.names else ""

    @property
    def group(self) -> str:
        """The package or the source's name, "" where none is given."""
        return self.names[0] if len(self.names) > 1 else ""


@dataclass(frozen=True, slots=True)
class DbtCall:
    """A macro or function that is called by name; ``guarded``: in a branch that asks whether something is there."""

    name: str
    at: Loc = field(compare=False)
    guarded: bool = False


@dataclass(frozen=True, slots=True)
class DbtNode:
    """A model, snapshot, seed, singular test or analysis: what its own file says.

    ``folder`` is the project that holds it, ``package`` that project's name; ``place`` the folders below the project's
    path for its kind. ``language`` is "sql", "python", "csv" or "yaml" (snapshots). ``opened``: not everything that it
    calls or refers to could be read.
    """

    kind: str
    name: str
    path: str
    folder: str
    package: str
    place: tuple[str, ...]
    language: str
    settings: tuple[DbtSetting, ...]
    references: tuple[DbtReference, ...]
    calls: tuple[DbtCall, ...]
    opened: bool
    at: Loc = field(compare=False)
    config_at: Loc | None = field(default=None, compare=False)
    """The first call of ``config``."""
    this_at: tuple[Loc, ...] = field(default=(), compare=False)
    leaves_out: bool = False
    """It leaves out rows that its own table has, by a subquery or an outer join with that."""

    def setting(self, key: str) -> DbtSetting | None:
        """The last value that the file itself gives to a key."""
        return next((each for each in reversed(self.settings) if each.key == key), None)


@dataclass(frozen=True, slots=True)
class DbtMacro:
    """A macro, generic test or materialization.

    ``calls`` are the names that its body calls; "?" among them: it calls something that cannot be told; "this": it
    looks at the table that is built; "dispatch:x": an implementation of x.
    """

    kind: str
    name: str
    path: str
    package: str
    calls: frozenset[str]
    references: tuple[DbtReference, ...]
    at: Loc = field(compare=False)


@dataclass(frozen=True, slots=True)
class TagProblem:
    """A template tag that cannot be read, or that fits no other. ``expected``: the tag that was due, "" for none.

    ``orphan``: it closes nothing and could be taken away.
    """

    text: str
    expected: str
    orphan: bool
    at: Loc = field(compare=False)


@dataclass(frozen=True, slots=True)
class DbtFile:
    """One SQL file of a project."""

    path: str
    folder: str
    kind: str
    """The kind of file: "model", "snapshot", "macro", "test" or "analysis"."""
    nodes: tuple[DbtNode, ...]
    macros: tuple[DbtMacro, ...]
    problems: tuple[TagProblem, ...]
    calls: tuple[DbtCall, ...]
    """Every call by a name that the file itself does not give a value to."""
    references: tuple[DbtReference, ...]
    semicolon: Loc | None = field(default=None, compare=False)
    """The semicolon behind everything else."""
    start: Loc | None = field(default=None, compare=False)
    """The file's first character."""


@dataclass(frozen=True, slots=True)
class DbtTest:
    """A test as a YAML file declares it: ``name`` without its package, ``arguments`` those of the test itself.

    ``settings``: severity, where and the like, wherever they stand. ``nested``: its arguments stand under
    ``arguments:``. ``flat`` are the arguments that stand beside it. ``body`` is its mapping, None where there is none.
    """

    name: str
    package: str
    column: str
    arguments: tuple[tuple[str, Setting], ...]
    settings: tuple[DbtSetting, ...]
    nested: bool
    at: Loc = field(compare=False)
    body: Loc | None = field(compare=False, default=None)
    flat: tuple[DbtSetting, ...] = ()
    reference: DbtReference | None = None
    """``to:`` of a relationships test."""
    places: tuple[tuple[str, Loc], ...] = field(compare=False, default=())
    """Where the values of its arguments stand."""

    def argument(self, name: str) -> Setting:
        """The value of an argument, None where it is not given."""
        return next((value for key, value in self.arguments if key == name), None)

    def place(self, name: str) -> Loc:
        """Where the value of an argument stands."""
        return next((at for key, at in self.places if key == name), self.at)

    def setting(self, key: str) -> DbtSetting | None:
        """The value of severity, where and the like."""
        return next((each for each in self.settings if each.key == key), None)


@dataclass(frozen=True, slots=True)
class DbtColumn:
    """A column as YAML lists it; ``constraints`` are their kinds. ``at`` is its name, ``body`` its mapping."""

    name: str
    described: bool
    data_type: str
    quote: bool
    tests: tuple[DbtTest, ...]
    constraints: tuple[str, ...]
    at: Loc = field(compare=False)
    body: Loc = field(compare=False)
    is_open: bool = False
    """A template or an alias nobody can follow decides something of it."""
    primary: bool = False
    """Its meta or a constraint calls it the primary key."""
    description: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class DbtEntry:
    """What a YAML file says of a model, seed, snapshot, analysis or macro (``kind``), or a table of a source.

    ``whole``: everything of it was read. ``tests_key``: "tests", "data_tests", "both" or "". ``relation``: what a
    snapshot in YAML is made from.
    """

    kind: str
    name: str
    path: str
    folder: str
    package: str
    settings: tuple[DbtSetting, ...]
    columns: tuple[DbtColumn, ...]
    tests: tuple[DbtTest, ...]
    described: bool
    versions: tuple[str, ...]
    constraints: tuple[tuple[str, tuple[str, ...]], ...]
    whole: bool
    at: Loc = field(compare=False)
    body: Loc = field(compare=False)
    relation: DbtReference | None = None
    keys: tuple[DbtKey, ...] = ()
    """The keys ``tests``, ``data_tests`` and those that belong under ``config``, wherever they stand below it."""
    columns_at: Loc | None = field(default=None, compare=False)
    versioned_columns: bool = False
    description: str = field(default="", compare=False)

    def setting(self, key: str) -> DbtSetting | None:
        """What the entry configures for a key."""
        return next((each for each in reversed(self.settings) if each.key == key), None)

    def all_tests(self) -> tuple[DbtTest, ...]:
        """The tests of the entry and of its columns."""
        return (*self.tests, *(test for column in self.columns for test in column.tests))


@dataclass(frozen=True, slots=True)
class DbtKey:
    """A key of a YAML mapping that rules look at by its place: ``owner`` is the mapping that holds it.

    ``beside``: other keys of that mapping. ``kind`` says what the mapping is ("model", "column", "source", "table").
    """

    name: str
    kind: str
    beside: frozenset[str]
    at: Loc = field(compare=False)
    owner: Loc = field(compare=False)


@dataclass(frozen=True, slots=True)
class Freshness:
    """``warn`` and ``error`` in hours, None where not given; ``periods`` as written with their places."""

    warn: float | None
    error: float | None
    warn_at: Loc | None = field(compare=False, default=None)
    error_at: Loc | None = field(compare=False, default=None)
    warn_text: str = ""
    error_text: str = ""
    wrong_periods: tuple[tuple[str, Loc], ...] = field(compare=False, default=())


@dataclass(frozen=True, slots=True)
class DbtTable:
    """One table of a source. ``freshness``: None where not said, False where opted out of, else the thresholds."""

    source: str
    name: str
    identifier: str
    schema: str
    database: str
    path: str
    folder: str
    package: str
    entry: DbtEntry
    freshness: Freshness | bool | None
    loaded_at: str
    """The key that says when rows were loaded: "loaded_at_field", "loaded_at_query", "both" or ""."""
    enabled: Setting
    at: Loc = field(compare=False)
    unsure: bool = False
    """A template decides where the table lies."""


@dataclass(frozen=True, slots=True)
class DbtSource:
    """One block of ``sources:``."""

    name: str
    path: str
    folder: str
    package: str
    tables: tuple[DbtTable, ...]
    freshness: Freshness | bool | None
    loaded_at: str
    settings: tuple[DbtSetting, ...]
    whole: bool
    at: Loc = field(compare=False)
    body: Loc = field(compare=False)
    tables_at: Loc | None = field(default=None, compare=False)
    keys: tuple[DbtKey, ...] = ()


@dataclass(frozen=True, slots=True)
class DbtExposure:
    """Somebody outside who uses what the project makes."""

    name: str
    path: str
    folder: str
    has_owner: bool
    has_name: bool
    has_email: bool
    references: tuple[DbtReference, ...]
    depends: bool
    at: Loc = field(compare=False)
    body: Loc = field(compare=False)


@dataclass(frozen=True, slots=True)
class DbtRow:
    """A row of a unit test: its keys and their places."""

    keys: tuple[tuple[str, Loc], ...]


@dataclass(frozen=True, slots=True)
class DbtUnitTest:
    """A unit test: the model, the rows that are given for each input, and those expected of it."""

    name: str
    model: str
    path: str
    folder: str
    given: tuple[tuple[DbtReference | None, tuple[DbtRow, ...]], ...]
    expected: tuple[DbtRow, ...]
    whole: bool
    at: Loc = field(compare=False)
    model_at: Loc = field(compare=False)


@dataclass(frozen=True, slots=True)
class DbtProperties:
    """One YAML file of a project. ``whole``: it was read to its end, and no template decides what is in it."""

    path: str
    folder: str
    entries: tuple[DbtEntry, ...]
    sources: tuple[DbtSource, ...]
    exposures: tuple[DbtExposure, ...]
    unit_tests: tuple[DbtUnitTest, ...]
    whole: bool
    torn: Loc | None = field(default=None, compare=False)
    """From where on it is no YAML."""


@dataclass(frozen=True, slots=True)
class DbtProject:
    """``dbt_project.yml`` and what lies beside it.

    ``paths``: the folders for models, seeds, snapshots, macros, tests and analyses. ``trees``: the configuration by
    kind, as nested pairs. ``opened``: why names may be defined that cannot be read here, "" where none may.
    ``bare``: built-in settings in a tree without the plus sign.
    """

    folder: str
    name: str
    paths: tuple[tuple[str, tuple[str, ...]], ...]
    trees: tuple[tuple[str, Setting], ...]
    version: tuple[int, ...]
    version_source: str
    packages: tuple[tuple[str, str], ...]
    """Their names, and the paths of local ones."""
    opened: str
    flags: tuple[tuple[str, Setting], ...]
    whole: bool
    bare: tuple[DbtKey, ...] = ()
    macros_open: str = ""
    adapter: str = ""
    """The dialect that the project's profile or adapter tells."""
    layers: tuple[tuple[str, str], ...] = ()
    """What the settings say of folders and prefixes: which layer they are."""
    target: str = "target"
    """The folder into which dbt writes what it made, relative to the project."""
    schemas: tuple[str, ...] = ()
    """The schemas that its profile names, in lower case."""
    ignored: tuple[str, ...] = ()
    """The lines of ``.dbtignore``: dbt passes over files that they match, as git does over those of ``.gitignore``."""

    def folders(self, kind: str) -> tuple[str, ...]:
        """The folders of a kind, relative to the project."""
        return next((folders for each, folders in self.paths if each == kind), ())
