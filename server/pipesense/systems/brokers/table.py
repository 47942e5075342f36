"""What the tables of a message broker's clients say; the reading of code that uses them is the same for all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from pipesense.model.broker import ClientRole, CommitMoment, Loss
from pipesense.model.value import Version


class Kind(Enum):
    """How the values of a setting are read."""

    ACKS = "acks"
    FLAG = "flag"
    NUMBER = "number"
    TEXT = "text"
    OPTIONS = "options"
    """An object that is made on the spot: the names of what it is given."""
    ANY = "any"


@dataclass(frozen=True, slots=True)
class SettingSpec:
    """One setting of a client.

    ``written`` are its spellings, the first is the one to write. ``defaults`` are (first version, value) in the order
    of versions; ``()`` as version means always. Without any the default is not known. ``since``: the first version
    that accepts it.
    """

    name: str
    written: tuple[str, ...]
    kind: Kind = Kind.ANY
    defaults: tuple[tuple[tuple[int, ...], object], ...] = ()
    since: tuple[int, ...] = ()
    at: int | None = None
    """Its place among the positional arguments, where it has one."""
    example: tuple[str, str, str] = ("", "", "")
    """As in ClientSetting."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A function that the client calls with messages.

    ``method``: where it is handed over, "" for the call that makes the client. ``argument`` is its keyword,
    ``position`` its place among the positional arguments. ``message_at``: which parameter is the message, ``done_at``:
    on which parameter (or anything in it) the message is said to be done. ``bases`` and ``name`` instead: the method of
    that name of a class derived from one of these. ``survives``: an error in it ends nothing, the next message comes.
    ``decorator``: the method that makes a function such a listener; its messages then come in a loop inside.
    ``done_at`` None is the object of the method itself. ``asks_if``: only where the class sets this to False must the
    code say that a message is done.
    """

    message_at: int
    done_at: int | None
    method: str = ""
    argument: str = ""
    position: int | None = None
    bases: tuple[str, ...] = ()
    name: str = ""
    decorator: str = ""
    asks_if: str = ""
    survives: bool = False


class Form(Enum):
    """How a client is given its settings."""

    KEYWORDS = "keyword arguments"
    DICTIONARY = "a dictionary as its first argument"


@dataclass(frozen=True, slots=True)
class Sends:
    """How a producer sends, and what finds out whether it worked.

    ``methods`` send; ``loss`` is what happens where nothing checks, None where they wait and raise. After ``settles``
    (methods of the producer) nothing waits in memory. ``callbacks`` and ``callback_at``: arguments that are told.
    ``counter``: the key of a result that counts failures. ``topic`` is the argument that says where to, "" where the
    client itself does. ``remedy`` says what to do, ``repair`` is text put behind the call that makes it wait.
    """

    methods: frozenset[str]
    loss: Loss | None
    settles: frozenset[str] = frozenset()
    callbacks: frozenset[str] = frozenset()
    callback_at: int | None = None
    counter: str = ""
    topic: str = ""
    remedy: str = ""
    repair: str = ""
    repair_title: str = ""
    ordered_by: tuple[str, str] = ("", "")
    """An argument that is refused where a setting of the client is absent, and the name of that setting."""
    by_itself: bool = False
    """A thread of the client sends what waits: in a program that never ends nothing waits for long."""


@dataclass(frozen=True, slots=True)
class ClientClass:
    """A class (or function) of a library that makes a client.

    ``names`` are its qualified names; ``argument`` is the value that the first argument must have, "" for any.
    ``receives`` are methods that read messages, ``iterates``: the client itself can be looped over. ``done``: methods
    that say that messages are done, ``again``: methods that ask for them again. ``finish``: a statement that says so
    for the message at hand, with ``{consumer}`` and ``{message}``. ``individual``: what is not said to be done comes
    again, message by message. ``decoders``: settings that name functions which the client calls on each message.
    """

    names: tuple[str, ...]
    library: str
    package: str
    role: ClientRole
    settings: tuple[SettingSpec, ...] = ()
    form: Form = Form.KEYWORDS
    closed: bool = False
    """Unknown keys are refused (they are worth a word when they look like another client's spelling)."""
    argument: str = ""
    topics_from: int | None = None
    """From which positional argument on topics are named."""
    topic_setting: str = ""
    receives: frozenset[str] = frozenset()
    iterates: bool = False
    subscribes: frozenset[str] = frozenset()
    done: frozenset[str] = frozenset()
    again: frozenset[str] = frozenset()
    finish: str = ""
    moment: CommitMoment = CommitMoment.MEANWHILE
    individual: bool = False
    decoders: tuple[str, ...] = ()
    listeners: tuple[Listener, ...] = ()
    sends: tuple[Sends, ...] = ()
    dead_letter: str = ""
    """A statement that sends ``{message}`` through ``{producer}`` to a topic for messages that cannot be handled."""
    close: frozenset[str] = frozenset()


Refused = tuple[str, str, str, tuple[tuple[str, object], ...]]
"""A setting that the client refuses beside another one, the reason, and what to set instead."""
Conflicts = Callable[[ClientClass, Mapping[str, object]], tuple[Refused, ...]]
"""(client, explicit settings) → what the client refuses: (setting, other setting, reason, what to set instead)."""


@dataclass(frozen=True, slots=True)
class BrokerTable:
    """Everything that is known of a broker's clients."""

    system: str
    noun: str
    """What a place for messages is called ("topic", "stream")."""
    packages: tuple[str, ...]
    clients: tuple[ClientClass, ...]
    conflicts: Conflicts | None = None


def version_of(version: Version, package: str) -> Version:
    """The version of one of the system's packages."""
    return next((found for name, found in version.beside if name == package), Version())
