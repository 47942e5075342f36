"""Start the server that this extension carries. Run with ``python -I -S``: nothing of an environment is loaded."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

sys.path.insert(0, os.path.join(HERE, "libs"))

# An installed extension may lie where nobody may write, and is replaced as a whole.
sys.pycache_prefix = os.environ.get("PIPESENSE_CACHE") or sys.pycache_prefix

from pipesense.__main__ import main  # noqa: E402

sys.exit(main())
