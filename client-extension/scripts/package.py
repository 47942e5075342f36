"""Build the extension with the server in it, and say no if what comes out is not what should.

    python client-extension/scripts/package.py [--target linux-x64]

Without ``--target`` the VSIX runs everywhere: pure Python only. With it, compiled parts for that platform and every
supported Python lie beside. Started by ``make vsix`` with the interpreter of ``.venv``; writes to dist/.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = ROOT / "client-extension"
BUNDLED = EXTENSION / "bundled"
LIBS = BUNDLED / "libs"
NATIVE = BUNDLED / "native"
SCHEMAS = EXTENSION / "schemas"
DIST = ROOT / "dist"
UV = Path(sys.executable).with_name("uv")

OLDEST = "3.10"
PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
MEGABYTE = 1_000_000
LARGEST = {None: 5 * MEGABYTE}
LARGEST_WITH_COMPILED = 25 * MEGABYTE

COMPILED = ("sqlglotc",)
"""What is faster compiled. Nothing is missing without it."""

TARGETS = {
    "linux-x64": ("x86_64-manylinux_2_28", "linux-x86_64"),
    "linux-arm64": ("aarch64-manylinux_2_28", "linux-aarch64"),
    "darwin-arm64": ("aarch64-apple-darwin", "macosx-11.0-arm64"),
    "darwin-x64": ("x86_64-apple-darwin", "macosx-10.9-x86_64"),
    "win32-x64": ("x86_64-pc-windows-msvc", "win-amd64"),
}
"""VS Code's name of a platform: uv's name, and sysconfig.get_platform() there."""

WANTED = (
    "extension/package.json",
    "extension/readme.md",
    "extension/LICENSE.txt",
    "extension/dist/extension.js",
    "extension/schemas/settings.schema.json",
    "extension/syntaxes/sql-in-python.json",
    "extension/walkthrough/check.md",
    "extension/bundled/launch.py",
    "extension/bundled/libs/pipesense/__main__.py",
    "extension/bundled/libs/pipesense_rules/reliability/no_retries.md",
    "extension/bundled/libs/pygls/__init__.py",
    "extension/bundled/libs/sqlglot/__init__.py",
    "extension/bundled/libs/tomli/__init__.py",
)
UNWANTED = ("node_modules/", "__pycache__", "/src/", "/test/", ".map", "requirements.txt", "/bin/")
MOST_TOLD = 20
NOT_CARRIED = ("pygments", "markdown_it", "mdurl")
"""What only colours the pages that \"pipesense explain\" prints to a terminal; the editor shows them itself."""
COMPILED_SUFFIXES = (".so", ".pyd", ".dylib", ".dll")


def main() -> int:
    """Build, look into what came out, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", choices=sorted(TARGETS))
    target = parser.parse_args().target
    version = json.loads((EXTENSION / "package.json").read_text("utf-8"))["version"]
    carry_server(target)
    write_schemas()
    file = DIST / f"pipesense-{version}{f'-{target}' if target else ''}.vsix"
    pack(file, target)
    problems = [*wrong_with(file, target)]
    for problem in problems[:MOST_TOLD]:
        print(f"{file.name}: {problem}", file=sys.stderr)
    if not problems:
        print(f"{file.relative_to(ROOT)}: {file.stat().st_size / MEGABYTE:.2f} MB")
    return 1 if problems else 0


def run(*command: object, folder: Path = ROOT) -> None:
    """Run a command in silence; if it fails, say what it said and end."""
    shown = [str(part) for part in command]
    done = subprocess.run(shown, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        raise SystemExit(f"failed: {' '.join(shown)}")


def carry_server(target: str | None) -> None:
    """Put our wheel and everything it needs beside the extension's own code."""
    for folder in (LIBS, NATIVE):
        shutil.rmtree(folder, ignore_errors=True)
    wheels = ROOT / "build" / "wheel"
    shutil.rmtree(wheels, ignore_errors=True)
    run(UV, "build", "--quiet", "--wheel", "--out-dir", wheels)
    (wheel,) = wheels.glob("*.whl")
    # Wheels for no platform and no implementation are the pure ones. Without --only-binary pip would build others.
    pure = ["--only-binary=:all:", "--platform", "any", "--implementation", "py", "--abi", "none"]
    into = ["--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps", "--target", LIBS]
    # pip asks its own interpreter what an environment marker means, so the pins are made for the oldest Python:
    # uv pip compile pyproject.toml --python-version 3.10 --generate-hashes --no-annotate -o <the file>
    pip = [sys.executable, "-m", "pip", "install", *into, "--python-version", OLDEST, *pure]
    run(*pip, "--require-hashes", "-r", EXTENSION / "requirements.txt")
    run(*pip, wheel)
    if target is not None:
        carry_compiled(target)
    packages = [each for name in NOT_CARRIED for each in LIBS.glob(f"{name}*")]
    for waste in [*BUNDLED.rglob("__pycache__"), LIBS / "bin", *packages]:
        shutil.rmtree(waste, ignore_errors=True)
    for waste in [*LIBS.rglob("RECORD"), *LIBS.rglob("direct_url.json"), *LIBS.rglob("*.pyi")]:
        waste.unlink()


def write_schemas() -> None:
    """The schema of the configuration as the carried server tells it, and that of the same keys as editor settings."""
    command = [sys.executable, "-I", "-S", "-B", BUNDLED / "launch.py", "rules", "--format", "schema"]
    told = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True, encoding="utf-8").stdout
    schema = json.loads(told)
    settings = {
        "pipesense." + re.sub("-([a-z])", lambda letter: letter[1].upper(), key): value
        for key, value in schema["properties"].items()
    }
    SCHEMAS.mkdir(exist_ok=True)
    (SCHEMAS / "pipesense.schema.json").write_text(told, "utf-8")
    whole = {"$schema": schema["$schema"], "properties": settings, "definitions": schema["definitions"]}
    (SCHEMAS / "settings.schema.json").write_text(json.dumps(whole), "utf-8")


def carry_compiled(target: str) -> None:
    """The compiled parts for each Python, where they exist; which do not is told."""
    platform, folder = TARGETS[target]
    pinned = {name: pin for name, _, pin in (line.partition("==") for line in requirements()) if name in WITH_COMPILED}
    for version in PYTHONS:
        into = NATIVE / f"cp{version.replace('.', '')}-{folder}"
        wanted = [f"{name}=={pinned[WITH_COMPILED_OF[name]]}" for name in COMPILED]
        options = ["--quiet", "--no-deps", "--only-binary", ":all:", "--target", into, "--python-version", version]
        command = [str(UV), "pip", "install", *map(str, options), "--python-platform", platform, *wanted]
        done = subprocess.run(command, cwd=ROOT, check=False)
        if done.returncode != 0:
            print(f"There is no compiled {', '.join(COMPILED)} for Python {version} on {target}.")
            shutil.rmtree(into, ignore_errors=True)


WITH_COMPILED_OF = {"sqlglotc": "sqlglot"}
WITH_COMPILED = frozenset(WITH_COMPILED_OF.values())


def requirements() -> list[str]:
    """The lines ``name==version`` of what is carried."""
    lines = (EXTENSION / "requirements.txt").read_text("utf-8").splitlines()
    return [line.split()[0].rstrip("\\").strip() for line in lines if "==" in line and not line.startswith((" ", "#"))]


def pack(file: Path, target: str | None) -> None:
    """Compile the client and zip it all up."""
    DIST.mkdir(exist_ok=True)
    shutil.copy(ROOT / "LICENSE", EXTENSION / "LICENSE")
    made_of = hashlib.sha256((EXTENSION / "package-lock.json").read_bytes()).hexdigest()
    stamp = EXTENSION / "node_modules" / ".made-of"
    if not stamp.exists() or stamp.read_text() != made_of:
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", folder=EXTENSION)
        stamp.write_text(made_of)
    run("npm", "run", "build", folder=EXTENSION)
    vsce = ["npx", "--no-install", "vsce", "package", "--no-dependencies", "--allow-missing-repository"]
    run(*vsce, *(["--target", target] if target else []), "--out", file, folder=EXTENSION)


def wrong_with(file: Path, target: str | None) -> list[str]:
    """What is missing in a VSIX, what is in it that should not be, and whether it is too large."""
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        manifest = json.loads(archive.read("extension/package.json"))
    found = [f"{name} is missing" for name in WANTED if name not in names]
    found += [f"{name} should not be in it" for name in names for part in UNWANTED if part in name]
    if target is None:
        found += [f"{name} is compiled" for name in names if name.endswith(COMPILED_SUFFIXES)]
    elif not any(name.startswith("extension/bundled/native/") for name in names):
        found.append("nothing compiled is in it")
    for theirs in (ROOT / "server" / "pipesense" / "__init__.py",):
        if f'"{manifest["version"]}"' not in theirs.read_text("utf-8"):
            found.append(f"its version {manifest['version']} is not the server's")
    largest = LARGEST[None] if target is None else LARGEST_WITH_COMPILED
    if file.stat().st_size > largest:
        found.append(f"{file.stat().st_size} bytes are more than {largest}")
    return found


if __name__ == "__main__":
    os.environ.setdefault("UV_PYTHON_DOWNLOADS", "never")
    sys.exit(main())
