"""Build the extension with the server in it, and say no if what comes out is not what should.

    python client-extension/scripts/package.py

The VSIX runs on every platform and every supported Python: what it carries is pure. The one thing that could be
compiled, sqlglot, has 60 MB of compiled modules for each version of Python; who wants them installs
``pipesense[fast]`` and lets the extension use that environment. Started by ``make vsix`` with the interpreter of
``.venv``; writes to dist/.
"""

from __future__ import annotations

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
PROJECT = ROOT / "pyproject.toml"
SCHEMAS = EXTENSION / "schemas"
DIST = ROOT / "dist"
UV = Path(sys.executable).with_name("uv")

OLDEST = "3.10"
MEGABYTE = 1_000_000
LARGEST = 5 * MEGABYTE

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
    "extension/bundled/libs/yaml/__init__.py",
)
UNWANTED = ("node_modules/", "__pycache__", "/src/", "/test/", ".map", "requirements.txt", "/bin/")
MOST_TOLD = 20
NOT_CARRIED = ("pygments", "markdown_it", "mdurl")
"""What only colours the pages that \"pipesense explain\" prints to a terminal; the editor shows them itself."""
HALF_COMPILED = ("pyyaml",)
COMPILED_SUFFIXES = (".so", ".pyd", ".dylib", ".dll")


def main() -> int:
    """Build, look into what came out, and return the exit code."""
    version = json.loads((EXTENSION / "package.json").read_text("utf-8"))["version"]
    carry_server()
    write_schemas()
    file = DIST / f"pipesense-{version}.vsix"
    pack(file)
    problems = wrong_with(file)
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


def carry_server() -> None:
    """Put our wheel and everything it needs beside the extension's own code."""
    shutil.rmtree(LIBS, ignore_errors=True)
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
    pins = (EXTENSION / "requirements.txt").read_text("utf-8").replace("\\\n", " ").splitlines()
    for name, wanted in (("pure", False), ("halves", True)):
        chosen = ROOT / "build" / f"{name}.txt"
        chosen.write_text("".join(f"{pin}\n" for pin in pins if pin.startswith(HALF_COMPILED) == wanted), "utf-8")
    run(*pip, "--require-hashes", "-r", ROOT / "build" / "pure.txt")
    # These have wheels for platforms only, and work without what is compiled in them.
    plain = [sys.executable, "-m", "pip", "install", *into, "--only-binary=:all:", "--require-hashes"]
    run(*plain, "-r", ROOT / "build" / "halves.txt")
    for compiled in [each for each in LIBS.rglob("*") if each.suffix in COMPILED_SUFFIXES]:
        compiled.unlink()
    run(*pip, wheel)
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


def pack(file: Path) -> None:
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
    run(*vsce, "--out", file, folder=EXTENSION)


def wrong_with(file: Path) -> list[str]:
    """What is missing in a VSIX, what is in it that should not be, and whether it is too large."""
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        manifest = json.loads(archive.read("extension/package.json"))
    found = [f"{name} is missing" for name in WANTED if name not in names]
    pinned = (EXTENSION / "requirements.txt").read_text("utf-8").lower()
    needed = re.findall(r'^    "([\w-]+)[<>=].*",', PROJECT.read_text("utf-8").partition("[project.opt")[0], re.M)
    found += [
        f"{name} is in pyproject.toml and not in requirements.txt" for name in needed if f"{name}==" not in pinned
    ]
    found += [f"{name} should not be in it" for name in names for part in UNWANTED if part in name]
    found += [f"{name} is compiled" for name in names if name.endswith(COMPILED_SUFFIXES)]
    for theirs in (ROOT / "server" / "pipesense" / "__init__.py",):
        if f'"{manifest["version"]}"' not in theirs.read_text("utf-8"):
            found.append(f"its version {manifest['version']} is not the server's")
    if file.stat().st_size > LARGEST:
        found.append(f"{file.stat().st_size} bytes are more than {LARGEST}")
    return found


if __name__ == "__main__":
    os.environ.setdefault("UV_PYTHON_DOWNLOADS", "never")
    sys.exit(main())
