"""Build the extension with the server in it, and say no if what comes out is not what should.

    python client-extension/scripts/package.py

Two come out. The universal one runs on every platform and every supported Python: what it carries is pure. The other
one is for the platform that it is built on and carries the compiled half of PyYAML too, once for every supported
Python: the file names say which interpreter they are for, and each interpreter loads its own. A compiled sqlglot has
60 MB for each version of Python; who wants it installs ``pipesense[fast]`` and lets the extension use that
environment. Started by ``make vsix`` with the interpreter of ``.venv``; writes to dist/.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
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
VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
MEGABYTE = 1_000_000
LARGEST = {"universal": 5 * MEGABYTE, "platform": 25 * MEGABYTE}

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
COMPILED = ("yaml/_yaml",)
"""The compiled modules of the platform's VSIX, each there once for every version of Python."""


def main() -> int:
    """Build both, look into what came out, and return the exit code."""
    version = json.loads((EXTENSION / "package.json").read_text("utf-8"))["version"]
    universal = DIST / f"pipesense-{version}.vsix"
    carry_server()
    write_schemas()
    compile_client()
    pack(universal)
    problems = {universal: wrong_with(universal, None)}
    target = own_target()
    if target is None:
        print(f"VS Code has no name for {platform.platform()}: only the universal VSIX is built")
    else:
        native = DIST / f"pipesense-{target}-{version}.vsix"
        carry_compiled()
        pack(native, "--target", target)
        problems[native] = wrong_with(native, target)
    for file, found in problems.items():
        for problem in found[:MOST_TOLD]:
            print(f"{file.name}: {problem}", file=sys.stderr)
        if not found:
            print(f"{file.relative_to(ROOT)}: {file.stat().st_size / MEGABYTE:.2f} MB")
    return 1 if any(problems.values()) else 0


def own_target() -> str | None:
    """What VS Code calls the platform that this runs on (code.visualstudio.com, "Platform-specific extensions")."""
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine().lower())
    system = {"linux": "linux", "darwin": "darwin", "win32": "win32"}.get(sys.platform)
    if system == "linux" and platform.libc_ver()[0] != "glibc":
        system = "alpine"
    return f"{system}-{machine}" if system is not None and machine is not None else None


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


def carry_compiled() -> None:
    """Put what is compiled for this platform beside what is pure, for every version of Python."""
    halves = ROOT / "build" / "halves.txt"
    for version in VERSIONS:
        target = ROOT / "build" / "compiled" / version
        shutil.rmtree(target, ignore_errors=True)
        wheels = ["--only-binary", ":all:", "--no-deps", "--require-hashes"]
        run(UV, "pip", "install", "--quiet", "--python-version", version, "--target", target, *wheels, "-r", halves)
        for file in sorted(each for each in target.rglob("*") if each.is_file() and is_carried(each)):
            there = LIBS / file.relative_to(target)
            if there.exists() and there.read_bytes() != file.read_bytes() and ".dist-info" not in file.parts[-2]:
                raise SystemExit(f"{file.relative_to(target)} is not the same for every version of Python")
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, there)


def is_carried(file: Path) -> bool:
    """Whether a file of an installed wheel is of use to an interpreter."""
    return file.name not in ("RECORD", ".lock") and file.suffix != ".pyi" and not {"bin", "tests"} & set(file.parts)


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


def compile_client() -> None:
    """Make one file of the client and its packages."""
    DIST.mkdir(exist_ok=True)
    shutil.copy(ROOT / "LICENSE", EXTENSION / "LICENSE")
    made_of = hashlib.sha256((EXTENSION / "package-lock.json").read_bytes()).hexdigest()
    stamp = EXTENSION / "node_modules" / ".made-of"
    if not stamp.exists() or stamp.read_text() != made_of:
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", folder=EXTENSION)
        stamp.write_text(made_of)
    run("npm", "run", "build", folder=EXTENSION)


def pack(file: Path, *options: str) -> None:
    """Zip up what the extension's folder holds now."""
    vsce = ["npx", "--no-install", "vsce", "package", "--no-dependencies", "--allow-missing-repository"]
    run(*vsce, *options, "--out", file, folder=EXTENSION)


def wrong_with(file: Path, target: str | None) -> list[str]:
    """What is missing in a VSIX, what is in it that should not be, and whether it is too large."""
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        manifest = json.loads(archive.read("extension/package.json"))
        package = archive.read("extension.vsixmanifest").decode()
    found = [f"{name} is missing" for name in WANTED if name not in names]
    pinned = (EXTENSION / "requirements.txt").read_text("utf-8").lower()
    needed = re.findall(r'^    "([\w-]+)[<>=].*",', PROJECT.read_text("utf-8").partition("[project.opt")[0], re.M)
    found += [
        f"{name} is in pyproject.toml and not in requirements.txt" for name in needed if f"{name}==" not in pinned
    ]
    found += [f"{name} should not be in it" for name in names for part in UNWANTED if part in name]
    compiled = sorted(name for name in names if name.endswith(COMPILED_SUFFIXES))
    if target is None:
        found += [f"{name} is compiled" for name in compiled]
    else:
        found += [f"its manifest does not say {target}"] * (f'TargetPlatform="{target}"' not in package)
        found += [f"{name} is not expected" for name in compiled if not any(f"/{each}." in name for each in COMPILED)]
        for module in COMPILED:
            there = [name for name in compiled if name.startswith(f"extension/bundled/libs/{module}.")]
            for version in VERSIONS:
                tag = re.compile(rf"\bc(?:python-|p){version.replace('.', '')}-")
                found += [f"{module} is missing for Python {version}"] * (sum(map(bool, map(tag.search, there))) != 1)
    for theirs in (ROOT / "server" / "pipesense" / "__init__.py",):
        if f'"{manifest["version"]}"' not in theirs.read_text("utf-8"):
            found.append(f"its version {manifest['version']} is not the server's")
    largest = LARGEST["universal" if target is None else "platform"]
    if file.stat().st_size > largest:
        found.append(f"{file.stat().st_size} bytes are more than {largest}")
    return found


if __name__ == "__main__":
    os.environ.setdefault("UV_PYTHON_DOWNLOADS", "never")
    sys.exit(main())
