"""Clients of message brokers, and the code around them: what is sent, what is read, and when a message counts as done.

Rules are written once against these facts. Settings have one name for all brokers (``acks``, ``auto_commit``); how a
client spells a setting and what it does where nobody sets it are the tables of its system.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from pipesense.model.data import DatasetName
from pipesense.model.value import Unknown, Value, Version
from pipesense.model.where import Loc


class ClientRole(Enum):
    """What a client is there for."""

    PRODUCER = "producer"
    CONSUMER = "consumer"
    ADMIN = "admin client"
    CONNECTION = "connection"


class CommitMoment(Enum):
    """When a client that commits by itself does so."""

    NEVER = "not by itself"

    MEANWHILE = "by a timer, while the message is still being worked on"
    ON_NEXT_READ = "when the next message is asked for, and on close"


@dataclass(frozen=True, slots=True)
class ClientSetting:
    """One setting; ``name`` is the same for every client, ``written`` is this client's own spelling.

    ``loc`` is the entry or argument as it stands in the file, None where nobody sets it.
    """

    name: str
    written: str
    value: Value[object]
    loc: Loc | None = None
    example: tuple[str, str, str] = ("", "", "")
    """Code for a value that would do: a name, the module that it comes from, and what stands behind it."""


@dataclass(frozen=True, slots=True)
class SettingConflict:
    """The client refuses two of its settings together; ``change`` are settings (by name) under which it starts."""

    loc: Loc
    text: str
    other: str
    reason: str
    change: tuple[tuple[str, object], ...]


@dataclass(frozen=True, slots=True)
class UnknownKey:
    """A setting that the client does not know and refuses; ``instead`` is the spelling that it knows."""

    key: str
    loc: Loc
    key_loc: Loc
    instead: str


@dataclass(frozen=True, slots=True)
class StreamClient:
    """A producer, consumer or administrator that the file makes.

    ``loc`` is the class or function that makes it, ``whole`` the call. ``opened`` says why more settings may be
    given, None where every one is known. ``topics`` are those named where it is made.
    """

    system: str
    library: str
    role: ClientRole
    loc: Loc
    whole: Loc
    version: Version
    settings: tuple[ClientSetting, ...] = ()
    opened: Unknown | None = None
    topics: tuple[str, ...] = ()
    conflicts: tuple[SettingConflict, ...] = ()
    unknown_keys: tuple[UnknownKey, ...] = ()

    def setting(self, name: str) -> ClientSetting | None:
        """The setting of that name; None where the client has no such thing."""
        return next((each for each in self.settings if each.name == name), None)

    def value(self, name: str) -> Value[object]:
        """The value of that setting; Unknown where the client has no such thing."""
        found = self.setting(name)
        return found.value if found is not None else Unknown(f"{self.library} has no such setting")


class Loss(Enum):
    """How a message that was handed to a client may get lost without a word."""

    AT_EXIT = "it waits in memory, and nothing makes the client send it before the program ends"
    UNSEEN = "nothing looks at whether the broker took it"
    PARTLY = "the call succeeds when some of its records were refused"


@dataclass(frozen=True, slots=True)
class UncheckedSend:
    """Messages are handed over and nobody finds out what became of them.

    ``loc`` is the call that sends, ``call`` its text without arguments. ``again`` are the other calls that send
    through the same client. ``repairs`` are edits that check the result: a title, and the text that replaces a place.
    """

    system: str
    library: str
    loss: Loss
    loc: Loc
    call: str
    remedy: str
    again: tuple[Loc, ...] = ()
    repair: tuple[tuple[Loc, str], ...] = ()
    repair_title: str = ""
    flush: str = ""
    """The method that sends what waits, where the client has one."""


@dataclass(frozen=True, slots=True)
class OrderedSend:
    """A message is sent with a key of order through a client that takes such messages only where it was made for it.

    ``loc`` is the argument, ``call`` the call's text without arguments, ``setting`` the setting that nobody gives the
    client, by its name in the model; its example is code for it.
    """

    system: str
    client: StreamClient
    loc: Loc
    call: str
    setting: str


@dataclass(frozen=True, slots=True)
class PlainMessages:
    """JSON that is sent to a topic with no schema beside it; ``loc`` is the method that sends."""

    system: str
    library: str
    topic: DatasetName
    loc: Loc


class StepKind(Enum):
    """What one call in the handling of a message does."""

    DECODE = "decodes"
    WORK = "works"
    CALL = "calls"
    DONE = "commits"
    AGAIN = "asks for the message again"
    SEND = "sends"


@dataclass(frozen=True, slots=True)
class Step:
    """A call in the code that handles a message, in the order of the text.

    ``statement`` is the whole statement with its line break. ``after`` is the end of the block that it stands in, with
    the block's ``indent``; None where nothing behind it would run. ``certain``: it stands neither under a condition
    (other than that there is a message) nor in a handler of errors. ``in_handler``: it stands in one. ``guarded``: an
    error in it is caught before it ends the reading of further messages.
    """

    kind: StepKind
    loc: Loc
    text: str
    statement: Loc
    certain: bool
    in_handler: bool
    guarded: bool
    takes_message: bool = False
    after: Loc | None = None
    indent: str = ""


@dataclass(frozen=True, slots=True)
class Handler:
    """``except`` around the handling of one message; ``loc`` is its head.

    ``quiet``: it logs, counts nothing, keeps nothing and goes on. ``covers`` are the kinds of steps it stands around.
    """

    loc: Loc
    catches: str
    quiet: bool
    covers: frozenset[StepKind]
    end: Loc
    """The place behind the last statement that goes on to a next one; text put there is in the handler, and runs."""
    indent: str


@dataclass(frozen=True, slots=True)
class MessageLoop:
    """Code that handles message after message: a loop over a consumer, or a function that is called with each.

    ``loc`` is where it starts (the consumer in the head of the loop, the function's name). ``client`` is the consumer
    where the file shows how it is made. ``done`` is this client's word for "this message is done" ("commit()").
    ``end`` is the place behind the last statement, ``indent`` the indentation there; ``finish`` is a statement that
    says so for the message at hand, "" where none can be written.
    """

    system: str
    library: str
    loc: Loc
    client: StreamClient | None
    consumer: str
    message: str
    done: str
    steps: tuple[Step, ...]
    handlers: tuple[Handler, ...]
    moment: CommitMoment
    finish: str
    end: Loc
    indent: str
    closes_on_error: bool = False
    """An error in the loop runs the consumer's close (``with``, ``finally``)."""
    individual: bool = False
    """What is not said to be done comes again, message by message; elsewhere a later message's position covers it."""
    never_done: bool = False
    """Nothing in the file ever says that a message is done, and nobody else gets the message or the consumer."""
    called: bool = False
    """A library calls the code by itself, as the method of a class: no client is made in the file."""
    survives: bool = False
    """An error ends nothing: the client goes on with the next message."""
    done_for_it: bool = False
    """The library itself says that a message is done when the code returns, and asks for it again when it raises."""
    dead_letter: str = ""
    """A statement that puts the message aside, "" where the loop has no producer at hand."""
    decoder: Loc | None = None
    """A function that the client itself calls on every message, and whose error ends the loop."""
    placed: bool = False
    """The code around it says itself where the reading begins (``seek``), whatever was read before."""
    once: bool = False
    """No loop: the code asks for some messages, handles them and ends; who calls it again is not known."""
