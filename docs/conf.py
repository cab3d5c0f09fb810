"""The site: ``python -m sphinx -n -W docs site``, without a network.

``-D nb_execution_mode=force`` executes the notebooks, of which the build else shows the results
that they were saved with. The search has the index of the pages that a build wrote: ``-E`` writes
all of them.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from flavio_nusmeft import __version__  # noqa: E402

project = "flavio_nusmeft"
author = "flavio_nusmeft developers"
release = version = __version__
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "numpydoc",
    "nusmeft_docs.references",
    "nusmeft_docs.mathml",
    "nusmeft_docs.inventories",
    "nusmeft_docs.generated",
]
html_theme = "furo"
html_title = f"flavio_nusmeft {__version__}"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_extra_path = ["generated/site"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
exclude_patterns = ["nusmeft_docs"]

myst_enable_extensions = ["amsmath", "deflist", "dollarmath", "fieldlist", "substitution"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_execution_timeout = 600
nb_merge_streams = True

numpydoc_show_class_members = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
default_role = "py:obj"
add_module_names = False
python_display_short_literal_types = True
pygments_style = "default"
pygments_dark_style = "monokai"
