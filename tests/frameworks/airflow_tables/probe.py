"""Ask one installed Airflow what it really does. Runs inside that Airflow's interpreter, standard library only.

``python probe.py TASK QUESTION.json ANSWER.json``: TASK is a function of this module named in ``TASKS``; the question
is its keyword arguments, the answer its return value. Nothing here knows what the answers are used for.
"""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import importlib.util
import inspect
import json
import os
import pathlib
import pkgutil
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

Json = Any


# -- names: does it import, from where does it come, what is said about it ---------------------------------------


def isolated(work: Callable[[], Json]) -> Json:
    """Run `work` in a forked child: module-level warnings are seen afresh and no import leaks into the next probe."""
    with tempfile.TemporaryFile() as channel:
        child = os.fork()
        if child == 0:
            try:
                answer: Json = {"answer": work()}
            except BaseException as failure:
                answer = {"failure": "".join(traceback.format_exception(failure))}
            channel.write(json.dumps(answer).encode())
            channel.flush()
            os._exit(0)
        os.waitpid(child, 0)
        channel.seek(0)
        reply = json.loads(channel.read())
    if "failure" in reply:
        raise RuntimeError(reply["failure"])
    return reply["answer"]


def own_module(name: str) -> bool:
    return name == "airflow" or name.startswith("airflow.")


def defined_in_file(module: str, name: str) -> bool:
    """Whether the installed file of `module` defines `name`: the answer when a driver package is not installed."""
    parts = module.split(".")
    for folder in sys.path:
        base = pathlib.Path(folder, *parts)
        for file in (base.with_suffix(".py"), base / "__init__.py"):
            if file.is_file():
                return name in dict(top_level(ast.parse(file.read_text("utf-8"))))
    return False


def read_name(module: str, name: str) -> dict[str, Json]:
    """As `import_name`, from the installed file alone: for heavy packages whose modules warn of nothing."""
    if defined_in_file(module, name):
        return {"ok": True, "module": module, "name": name, "warned": [], "by": "file"}
    return {"ok": False, "error": f"{module} is not installed or does not define {name}"}


def import_name(module: str, name: str) -> dict[str, Json]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            loaded = importlib.import_module(module)
            target = getattr(loaded, name) if name else loaded
        except ModuleNotFoundError as failure:
            missing = failure.name or ""
            if not own_module(missing) and defined_in_file(module, name):
                return {"ok": True, "module": module, "name": name, "warned": [], "by": "file"}
            return {"ok": False, "error": f"ModuleNotFoundError: {failure}"}
        except Exception as failure:
            # Any type: modules refuse to load with Airflow's own exceptions for want of an optional extra.
            return {"ok": False, "error": f"{type(failure).__name__}: {failure}"[:300]}
    told = [f"{w.category.__name__}: {w.message}" for w in caught if speaks_of(module, name, w)]
    return {
        "ok": True,
        "module": getattr(target, "__module__", None) if name else getattr(target, "__name__", None),
        "name": getattr(target, "__qualname__", None) if name else "",
        "warned": told,
        "by": "import",
    }


def speaks_of(module: str, name: str, warning: warnings.WarningMessage) -> bool:
    """Whether a warning is about the name just imported, not about something Airflow imports on the way."""
    text = str(warning.message)
    if not issubclass(warning.category, DeprecationWarning | FutureWarning):
        return False
    if name and (f"{module}.{name}" in text or f".{name}'" in text or f".{name}`" in text):
        return True
    file = getattr(sys.modules.get(module), "__file__", None)
    at_home = file is not None and os.path.samefile(file, warning.filename) if file_exists(warning) else False
    if at_home or (name and f"'{name}'" in text) or (name and f"`{name}`" in text):
        return True
    return f"`{module}`" in text or (text.startswith(("This module", "This package", "This class")))


def file_exists(warning: warnings.WarningMessage) -> bool:
    return os.path.exists(warning.filename)


def names(names: list[str], read: list[str]) -> dict[str, Json]:
    """Dotted name (``module:Name`` or ``module:``) to what importing it gives, one fork per module.

    Modules below the prefixes in `read` are looked up in their files instead.
    """
    importlib.import_module("airflow")
    groups: dict[str, list[str]] = {}
    result: dict[str, Json] = {}
    for dotted in names:
        module, _, name = dotted.partition(":")
        if module.startswith(tuple(read)):
            result[dotted] = read_name(module, name)
        else:
            groups.setdefault(module, []).append(name)
    for module, members in sorted(groups.items()):

        def work(module: str = module, members: list[str] = members) -> Json:
            return {f"{module}:{name}": import_name(module, name) for name in members}

        result.update(isolated(work))
    return result


# -- enumerate: which public names does this Airflow ship --------------------------------------------------------


def top_level(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ImportFrom | ast.Import):
            for alias in node.names:
                yield alias.asname or alias.name, node


def redirections(module: str, tree: ast.Module) -> Iterator[tuple[str, str]]:
    """``module:Name -> target`` of the tables Airflow itself keeps for moved names."""
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if not isinstance(target, ast.Name) or "deprecated" not in target.id:
            continue
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.Dict):
            continue
        yield from redirection_entries(module, node.value)


def redirection_entries(module: str, table: ast.Dict) -> Iterator[tuple[str, str]]:
    for key, value in zip(table.keys, table.values, strict=True):
        sub = key.value if isinstance(key, ast.Constant) else None
        if isinstance(value, ast.Dict):
            owner = module if sub is None else f"{module}.{sub}"
            for name, target in ast.literal_eval(value).items():
                yield f"{owner}:{name}", target
        elif isinstance(sub, str) and isinstance(value, ast.Constant):
            yield f"{module}:{sub}", value.value


def source_files(roots: Iterable[str]) -> Iterator[tuple[str, pathlib.Path]]:
    home = pathlib.Path(importlib.import_module("airflow").__file__ or "").parent
    for root in roots:
        base = home.joinpath(*root.split(".")[1:])
        if (base.with_suffix(".py")).is_file():
            yield root, base.with_suffix(".py")
        for file in sorted(base.rglob("*.py")) if base != home else [home / "__init__.py"]:
            parts = ["airflow", *file.relative_to(home).with_suffix("").parts]
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file


def enumerate_names(roots: list[str]) -> dict[str, Json]:
    """Public definitions below `roots`, and Airflow's own tables of moved names."""
    defined: list[str] = []
    moved: dict[str, str] = {}
    for module, file in source_files(roots):
        if any(part.startswith("_") for part in module.split(".")):
            continue
        tree = ast.parse(file.read_text("utf-8"))
        moved.update(redirections(module, tree))
        defined.append(f"{module}:")
        for name, node in top_level(tree):
            if not name.startswith("_") and not isinstance(node, ast.Import | ast.ImportFrom):
                defined.append(f"{module}:{name}")
        for node in tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign) and "lazy_imports" in ast.unparse(node).split("=")[0]:
                defined += [f"{module}:{k.value}" for k in getattr(node.value, "keys", []) if k.value[0] != "_"]
    return {"defined": sorted(set(defined)), "moved": moved}


# -- constructors and their arguments ----------------------------------------------------------------------------


def plain(value: object) -> Json:
    """A default as JSON: durations as {"seconds": n}, enums by value, anything else by a marker of its type."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str(getattr(value, "value", value))
    if hasattr(value, "total_seconds"):
        return {"seconds": value.total_seconds()}
    return {"type": type(value).__name__}


def parameters(function: object, mro_of: type | None = None) -> dict[str, inspect.Parameter]:
    """Named parameters of a callable; through ``**kwargs`` up the class hierarchy when `mro_of` is given."""
    found: dict[str, inspect.Parameter] = {}
    functions = [function]
    if mro_of is not None:
        lineage = list(mro_of.__mro__)
        last = next((i for i, c in enumerate(lineage) if c.__name__ == "BaseOperator"), len(lineage))
        functions = [c.__dict__["__init__"] for c in lineage[: last + 1] if "__init__" in c.__dict__]
    for each in functions:
        signature = inspect.signature(each)  # type: ignore[arg-type]
        kinds = {p.kind for p in signature.parameters.values()}
        for name, parameter in signature.parameters.items():
            if name != "self" and parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                found.setdefault(name, parameter)
        if inspect.Parameter.VAR_KEYWORD not in kinds:
            break
    return found


def resolve(dotted: str) -> Any:
    module, _, path = dotted.partition(":")
    target: Any = importlib.import_module(module)
    for part in path.split("."):
        target = getattr(target, part)
    return target


def attempt(code: str) -> dict[str, Json]:
    """Run one snippet; the outcome and every deprecation it caused, `result` read back from its namespace."""
    space: dict[str, Any] = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            exec(compile(code, "<probe>", "exec"), space)
        except Exception as failure:
            text = " ".join(f"{type(failure).__name__}: {failure}".split())
            return {"ok": False, "error": text[:300], "warned": []}
    told = [f"{w.category.__name__}: {w.message}" for w in caught if issubclass(w.category, Warning)]
    return {"ok": True, "result": plain(space.get("result")), "warned": told}


def snippets(preamble: str, codes: dict[str, str]) -> dict[str, Json]:
    """Each named snippet after the same preamble, in its own fork."""
    attempt(preamble)
    answers = {}
    for key, code in codes.items():
        answers[key] = isolated(lambda code=code: attempt(preamble + "\n" + code))
    return answers


def base_arguments(base_operator: str, dag: str, sensor: str) -> dict[str, Json]:
    """Argument names and defaults of BaseOperator, DAG and BaseSensorOperator as constructed, not as documented."""
    operator_class, dag_class, sensor_class = resolve(base_operator), resolve(dag), resolve(sensor)
    operator_parameters = parameters(operator_class.__init__)
    if not set(operator_parameters) - {"task_id"}:
        operator_parameters = parameters(None, operator_class)
    own_sensor = {k: v for k, v in parameters(None, sensor_class).items() if k not in operator_parameters}
    dag_parameters = parameters(dag_class)
    made = dag_class("probe")
    waiting = sensor_class(task_id="probe")
    return {
        "task": {k: plain(v.default) for k, v in operator_parameters.items()},
        "sensor": {k: plain(getattr(waiting, k, v.default)) for k, v in own_sensor.items()},
        "dag": {k: plain(getattr(made, k, v.default)) for k, v in dag_parameters.items()},
        "dag_positional": [k for k, v in dag_parameters.items() if v.kind is v.POSITIONAL_OR_KEYWORD],
    }


# -- operators ---------------------------------------------------------------------------------------------------


def operator_modules(packages: list[str]) -> Iterator[str]:
    for package in packages:
        spec = importlib.util.find_spec(package)
        if spec and not spec.submodule_search_locations:
            yield package
        for folder in (spec.submodule_search_locations if spec else None) or []:
            for _, name, is_package in pkgutil.walk_packages([folder], package + ".", onerror=lambda _: None):
                if not is_package and {"operators", "sensors", "transfers"} & set(name.split(".")):
                    yield name


def operators(packages: list[str], base_operator: str, sensor: str) -> dict[str, Json]:
    """Facts of every public operator class defined in the providers' operator, sensor and transfer modules."""
    base, base_sensor = resolve(base_operator), resolve(sensor)
    common = set(parameters(base.__init__)) or set(parameters(None, base))
    sensor_common = set(parameters(None, base_sensor))
    found: dict[str, Json] = {}
    skipped: dict[str, str] = {}
    for module in operator_modules(packages):
        try:
            loaded = importlib.import_module(module)
        except Exception as failure:
            skipped[module] = f"{type(failure).__name__}: {failure}"[:200]
            continue
        for name, kind in vars(loaded).items():
            own = inspect.isclass(kind) and kind.__module__ == module and not name.startswith("_")
            if own and issubclass(kind, base) and kind is not base:
                is_sensor = issubclass(kind, base_sensor)
                found[f"{module}.{name}"] = operator_facts(kind, is_sensor, common, sensor_common)
    return {"found": found, "skipped": skipped}


def operator_facts(kind: type, is_sensor: bool, common: set[str], sensor_common: set[str]) -> dict[str, Json]:
    accepted = parameters(None, kind)
    hidden = common | (sensor_common if is_sensor else set())
    return {
        "template_fields": sorted(list_of(getattr(kind, "template_fields", ()))),
        "template_ext": list_of(getattr(kind, "template_ext", ())),
        "renderers": dict(getattr(kind, "template_fields_renderers", None) or {}),
        "arguments": {k: plain(v.default) for k, v in accepted.items() if k not in hidden},
        "required": [k for k, v in accepted.items() if k not in hidden and v.default is inspect.Parameter.empty],
        "bases": [f"{c.__module__}.{c.__qualname__}" for c in kind.__mro__[1:] if own_module(c.__module__)],
        "sensor": is_sensor,
        "abstract": inspect.isabstract(kind),
    }


def list_of(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [v for v in value if isinstance(v, str)]  # type: ignore[attr-defined]


def context_keys() -> dict[str, Json]:
    """Keys of the task context, and those the framework itself declares deprecated."""
    if importlib.util.find_spec("airflow.sdk"):
        from airflow.sdk.definitions.context import Context

        return {"keys": sorted(Context.__annotations__), "deprecated": {}}
    from airflow.utils import context

    return {
        "keys": sorted(context.KNOWN_CONTEXT_KEYS),
        "deprecated": context.Context._DEPRECATION_REPLACEMENTS,
    }


def decorators() -> dict[str, Json]:
    """Names callable as ``@task.NAME`` with the function that implements each, from the providers' metadata."""
    from airflow.providers_manager import ProvidersManager

    manager = ProvidersManager()
    manager.initialize_providers_taskflow_decorator()
    found = {}
    for name, entry in manager.taskflow_decorators.items():
        found[name] = getattr(entry, "decorator_class_name", None) or f"{entry.__module__}.{entry.__qualname__}"
    return found


def distributions() -> dict[str, Json]:
    """Installed Airflow distributions with their versions, and the import prefix each provider owns."""
    found: dict[str, Json] = {}
    for distribution in importlib.metadata.distributions():
        name = distribution.metadata["Name"]
        if name in ("apache-airflow", "apache-airflow-core") or name.startswith("apache-airflow-providers-"):
            files = [str(f) for f in distribution.files or () if str(f).endswith("/get_provider_info.py")]
            prefix = files[0].rsplit("/", 1)[0].replace("/", ".") if files else "airflow"
            found[name] = {"version": distribution.version, "prefix": prefix}
    return found


def exports(module: str) -> list[str]:
    """Names in the ``__all__`` of a module."""
    return sorted(n for n in importlib.import_module(module).__all__ if not n.startswith("_"))


def source_says(module: str, text: str) -> bool:
    """Whether the installed source of a module holds a text, however its string literals are broken up."""
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return False
    tree = ast.parse(pathlib.Path(spec.origin).read_text("utf-8"))
    return any(isinstance(n, ast.Constant) and isinstance(n.value, str) and text in n.value for n in ast.walk(tree))


TASKS: dict[str, Callable[..., Json]] = {
    "base_arguments": base_arguments,
    "context_keys": context_keys,
    "decorators": decorators,
    "distributions": distributions,
    "enumerate_names": enumerate_names,
    "exports": exports,
    "names": names,
    "operators": operators,
    "snippets": snippets,
    "source_says": source_says,
}


def main() -> None:
    task, question, answer = sys.argv[1:]
    result = TASKS[task](**json.loads(pathlib.Path(question).read_text("utf-8")))
    pathlib.Path(answer).write_text(json.dumps(result), "utf-8")


if __name__ == "__main__":
    main()
