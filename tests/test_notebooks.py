"""The notebooks run from top to bottom."""

from __future__ import annotations

import gc
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

# of Belle II, which users download; its notebooks run where it is
RECORD = Path(__file__).parents[2] / "shared" / "data" / "belle2_knunu"
NOTEBOOKS = sorted((Path(__file__).parent.parent / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
# zmq and jupyter_client leave sockets and loops to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_notebook(path, monkeypatch):
    if "Belle2Likelihood()" in path.read_text("utf-8"):
        if not RECORD.exists():
            pytest.skip("the record of Belle II is not here")
        monkeypatch.setenv("NUSMEFT_BELLE2", str(RECORD))
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=600, kernel_name="python3").execute()
    outputs = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    errors = [o.text for o in outputs if o.output_type == "stream" and o.name == "stderr"]
    gc.collect()  # here, where it may warn, not in the tests that follow
    assert errors == []


def test_there_are_notebooks():
    assert NOTEBOOKS
