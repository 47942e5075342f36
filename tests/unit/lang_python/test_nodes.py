"""Our own walk over trees gives what ``ast.walk`` gives."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import pipesense.lang.python
from pipesense.lang.python.nodes import children, nodes_under

EVERYTHING = """
@deco
async def f(a, /, b: int = 1, *c, d=None, e, **g) -> str:
    global x, y
    async with a as q, b: await c
    async for i in j: yield
    else: yield from k
    nonlocal_ = lambda *p, z=1: (p, z)
    return f"{a!r:>{b}}" "x"
class K(B, metaclass=M):
    def m(self): raise E from None
    field: int
    n: int = 3
try:
    import a.b as c, d
    from . import e as g
except (A, B) as error:
    assert error, "no"
else:
    del p, q[0], r.s
finally:
    pass
match v:
    case [1, *rest] | {"k": w, **others} if w: x = 1
    case Point(x=0, y=None) as p: ...
    case None: ...
while (n := 10) > 1 < 2 is not 3: break
else: a += 1; b[1:2:3, ...] = {**c, "d": 1}, {1, 2}, {i: j for i in k if i}, [*l], (m async for m in n)
for i in range(3): continue
not a and (b or c) if d else -e @ f
"""
NEWER = """
type Pair[T: int, *Ts, **P] = tuple[T, T]
def g[T](a: T) -> T: return a
try: pass
except* E: pass
"""


def walked(node: ast.AST) -> list[ast.AST]:
    return [each for each in ast.walk(node) if not isinstance(each, ast.expr_context)]


@pytest.mark.parametrize("text", [EVERYTHING, *([NEWER] if sys.version_info >= (3, 12) else [])])
def test_every_kind_of_node(text: str) -> None:
    tree = ast.parse(text)
    assert nodes_under(tree) == walked(tree)
    for node in walked(tree):
        assert children(node) == [each for each in ast.iter_child_nodes(node) if not isinstance(each, ast.expr_context)]


def test_real_files() -> None:
    for path in sorted(Path(pipesense.lang.python.__file__).parent.glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert nodes_under(tree) == walked(tree)
