"""The papers that predictions note in flavio.citations."""

from __future__ import annotations

import pickle
import re
import timeit
from concurrent.futures import ThreadPoolExecutor

import flavio
import numpy as np
import pytest
from scan_functions import Numbered

import flavio_nusmeft as nus
from flavio_nusmeft import NuWilson, _data, citations
from flavio_nusmeft.citations import bibtex
from flavio_nusmeft.inference import scan
from flavio_nusmeft.inference.scan import workers
from flavio_nusmeft.measurements import paper
from flavio_nusmeft.observables import NAMES, QUANTITIES, papers
from flavio_nusmeft.physics.formfactors import PROCESSES

METHOD = "arXiv:2309.02940"
BIB = _data.path("citations.bib").read_text("utf-8")
OURS = citations._entries()
VALUES = {"q2": 4.0, "q2min": 1.0, "q2max": 6.0, "MXmin": 0.6, "MXmax": 1.0}
VALUES |= {"mTmin": 500.0, "mTmax": 600.0}
# the default form factors by what stands before the lepton or "inv" in a name
FORM_FACTORS = {
    "B+->K*": "Gubernari:2023puw",
    "B0->K*": "Gubernari:2023puw",
    "B+->K": "Gubernari:2023puw",
    "B0->K": "Gubernari:2023puw",
    "Bs->phi": "Gubernari:2023puw",
    "Lambdab->Lambda": "Detmold:2016pkz",
    "Lambdac->p": "arXiv:1712.05783",
    **{f"B{charge}->pi": "Leljak:2021vte" for charge in ("", "+", "0")},
    **{f"B{charge}->rho": "Straub:2015ica" for charge in ("", "+", "0")},
    **dict.fromkeys(("K+->pi", "KL->pi", "KS->pi"), "Bernard:2009zm"),
    **{f"D{charge}->{P}": "Lubicz:2017syv" for charge in ("", "+", "0") for P in ("K", "pi")},
    **dict.fromkeys(("B+->omega", "Bs->K*"), "Straub:2015ica"),
    **{f"B{charge}->D": "Gubernari:2018wyi" for charge in ("", "+", "0")},
    **{f"B{charge}->D*": "Gubernari:2018wyi" for charge in ("", "+", "0")},
}


def arguments(name):
    return [VALUES[argument] for argument in flavio.Observable[name].arguments or []]


@pytest.fixture
def distributions(name, request):
    """Those of partons, where an observable needs them."""
    if "pp->" in name:
        request.getfixturevalue("toy_pdf")


def noted(name, w=None):
    with flavio.citations.collect() as papers:
        if w is None:
            flavio.sm_prediction(name, *arguments(name))
        else:
            flavio.np_prediction(name, w, *arguments(name))
        return papers.set


def decay(name):
    """``B+->K*`` of ``<dBR/dq2>(B+->K*inv)``, ``B0->D*`` of ``Rtaul(B0->D*linv)``."""
    process = name.rpartition("(")[2].removesuffix("inv)")
    for lepton in ("mu", "tau", "e", "l"):
        if process.removesuffix(lepton) in FORM_FACTORS:
            return process.removesuffix(lepton)
    return process


@pytest.mark.parametrize("name", NAMES)
def test_every_observable(name, distributions):
    """Method and form factors, all with a known key, and again from remembered results."""
    found = noted(name)
    assert METHOD in found
    expected = FORM_FACTORS.get(decay(name))
    if expected is None:
        leptonic = re.search(r"->(|e|mu|tau|l|X.*)$", decay(name))
        assert leptonic or decay(name) in ("tau->pi", "tau->K")
    else:
        assert expected in found
    assert found <= OURS.keys() | set(flavio_keys())
    assert {*papers(name)} <= found
    assert noted(name) == found
    assert flavio.Observable[name].theory_citations(*arguments(name)) == found


def flavio_keys():
    return [key for key in flavio.citations._all_citations if key not in OURS]


def test_what_is_special():
    """The τ part of charged modes only, the width of the K*, the K_L, the kinetic scheme."""
    tau, width = "arXiv:0908.1174", "arXiv:1908.02267"
    assert {tau, width} <= noted("BR(B+->K*inv)")
    assert tau not in noted("BR_SD(B+->K*inv)") | noted("BR(B0->K*inv)") | noted("BR(K+->piinv)")
    assert width not in noted("BR(B+->Kinv)") | noted("BR(Bs->phiinv)") | noted("BR(B->Xsinv)")
    assert width in noted("<BR>(B->Xsinv)")
    assert "arXiv:hep-ph/9701313" in noted("BR(KL->piinv)") - noted("BR(K+->piinv)")
    assert "Gambino:2011cq" in noted("Remu(B->Xlinv)")
    assert "arXiv:hep-ph/9802409" in noted("BR(eta->inv)") - noted("BR(pi0->inv)")
    assert "arXiv:2411.07220" in noted("BR(h->inv)") - noted("BR(Bs->inv)")


@pytest.mark.parametrize("process", [p for p in PROCESSES if p.startswith("B")])
def test_form_factors_in_force(process, monkeypatch):
    """They follow flavio.config; stock flavio's are what flavio notes itself at the first time."""
    observable = {
        "B->K": "BR(B0->Kinv)",
        "B->K*": "BR(B0->K*inv)",
        "Bs->phi": "BR(Bs->phiinv)",
        "B->D": "BR(B0->Deinv)",
        "B->D*": "BR(B0->D*einv)",
        "B->rho": "BR(B0->rhoinv)",
        "B->omega": "BR(B+->omegaeinv)",
        "Bs->K*": "BR(Bs->K*einv)",
    }[process]
    implementations = flavio.config["implementation"]
    before = noted(observable)
    monkeypatch.setitem(implementations, f"{process} invisible form factor", f"{process} as flavio")
    par = flavio.default_parameters.get_central_all()
    with flavio.citations.collect() as stock:
        quantity = flavio.classes.AuxiliaryQuantity[f"{process} form factor"]
        quantity.prediction(par_dict=par, wc_obj=None, q2=2.0)
    assert stock.set <= noted(observable)
    assert noted(observable) == noted(observable)
    if process in ("B->K*", "Bs->phi", "B->D"):
        assert noted(observable) != before


def test_baryon_and_users_form_factors(monkeypatch):
    name = "BR(Lambdab->Lambdainv)"
    quantity = "Lambdab->Lambda invisible form factor"
    default = noted(name)
    for label in ("DM higher order", "as flavio"):
        monkeypatch.setitem(flavio.config["implementation"], quantity, f"Lambdab->Lambda {label}")
        assert noted(name) == default


def test_running():
    """The way of the coefficients: as in the paper, or with all one-loop terms, or wilson."""
    name, full = "BR(B0->Kinv)", {"arXiv:2103.04441", "arXiv:2407.16751"}
    w = NuWilson({"qn_2311": 1e-8}, 1e3, "nuSMEFT", "Warsaw")
    assert "Jenkins:2017jig" in noted(name, w)
    assert not full & noted(name, w)
    w.set_option("running", "full")
    assert full <= noted(name, w)
    assert noted(name, w) == noted(name, w)
    w.set_option("qcd_loops", 4)
    assert {"arXiv:hep-ph/0007171", *full} <= noted(name, w)


def test_many_points_and_likelihoods():
    for _ in range(2):  # what is remembered is noted again
        with flavio.citations.collect() as papers:
            point = {"QN_2311": [0, 1e-8]}
            nus.predict("BR(B0->K*inv)", point, scale=1e3, eft="nuSMEFT", basis="FGMS")
            expected = {METHOD, "Gubernari:2023puw", "arXiv:1908.02267", "Jenkins:2017jig"}
            assert expected <= papers.set
    likelihood = pickle.loads(pickle.dumps(nus.likelihood("current", ["BR(B->Xsinv)"])))
    with flavio.citations.collect() as papers:
        likelihood.log_likelihood(flavio.default_parameters.get_central_all(), None)
        assert METHOD in papers.set


def test_import_inside_of_a_scope(after_flavio):
    """A collection that is older than the package learns its papers; nothing else changes."""
    code = """
import flavio
outside = flavio.citations
flavio.citations.register("Straub:2015ica")
with flavio.citations.collect() as scope:
    import flavio_nusmeft
    flavio.sm_prediction("BR(B+->Kinv)")
    assert "arXiv:2309.02940" in scope.set
assert outside is flavio.citations
assert outside.set == {"Straub:2018kue", "Straub:2015ica"}
flavio.sm_prediction("BR(B+->Kinv)")
assert {"arXiv:2309.02940", "Straub:2015ica"} <= outside.set
outside.reset()
assert outside.set == {"Straub:2018kue"}
"""
    result = after_flavio(code)
    assert result.returncode == 0, result.stderr


def test_unknown_paper():
    with pytest.raises(KeyError, match="Nobody:2024abc"):
        citations.cite(["Nobody:2024abc"])


@pytest.mark.usefixtures("toy_pdf")
def test_every_paper_is_cited(monkeypatch):
    """By a prediction, the running, Belle II's likelihood or a measurement."""
    w = NuWilson({"qn_2311": 1e-8, "lq1_1123": 1e-9}, 1e3, "nuSMEFT", "Warsaw")
    with flavio.citations.collect() as papers:
        w.match_run(4.8, "nuWET", "JMS")
        w.set_option("running", "full")
        w.set_option("qcd_loops", 4)
        w.match_run(4.8, "nuWET", "JMS")
        for name in NAMES:
            flavio.sm_prediction(name, *arguments(name))
        quantity = "B->D* invisible form factor"
        monkeypatch.setitem(flavio.config["implementation"], quantity, "B->D* lattice")
        flavio.sm_prediction("BR(B0->D*einv)")
        nus.decays(par={"m_N1": 1.0, "U_mu1": 1e-4})
        cited = papers.set
    sets = _data.load_yaml("datasets.yml")
    alternatives = sets.pop("alternatives")
    cited |= {paper(name) for names in [*sets.values(), alternatives] for name in names}
    with flavio.citations.collect() as papers:
        nus.Searches("all").log_likelihood(
            flavio.default_parameters.get_central_all() | {"m_N1": 1}
        )
        cited |= papers.set
    form_factors = {"Bourrely:2008za", "Caprini:1997mu"}  # of stock flavio, by flavio.config
    assert OURS.keys() - cited == {"arXiv:2507.12393", citations.FLAVIO, *form_factors}


def test_costs_microseconds():
    par = flavio.default_parameters.get_central_all()
    quantity = QUANTITIES["BR(B0->K*inv)"]
    spec = quantity.__self__
    seconds = [
        min(timeit.repeat(lambda f=f: f(par), number=200, repeat=20)) / 200
        for f in (quantity, spec.function)
    ]
    assert seconds[0] - seconds[1] < 3e-5  # 3e-6 on an idle machine


# fields of an entry, and what each must look like
FIELDS = {
    "author": r"(\S.* )?\S+, .+|\S.* and others",
    "title": r".{10,}",
    "collaboration": r"\w.+",
    "journal": r"[A-Z].+",
    "volume": r"\d+",
    "pages": r"\w+(--\w+)?",
    "year": r"(19|20)\d\d",
    "doi": r"10\.\d{4,5}/\S+",
    "eprint": r"[a-z-]+/\d{7}|\d{4}\.\d{4,5}",
    "archivePrefix": "arXiv",
    "url": r"https://inspirehep\.net/literature\?q=texkey%20\S+",
}


@pytest.mark.parametrize("key", OURS)
def test_entry(key):
    """Well-formed; of every paper there is at least one thing to find it by."""
    lines = OURS[key].splitlines()
    assert re.fullmatch(r"@(article|misc)\{(\S+),", lines[0])[2] == key
    assert lines[-1] == "}"
    found = citations.fields(key)
    assert list(found) == [re.match(r"  (\w+) = \{.+\},$", line)[1] for line in lines[1:-1]]
    for name, value in found.items():
        assert re.fullmatch(FIELDS[name], value), (name, value)
        assert value.count("{") == value.count("}")
        assert value.count("$") % 2 == 0
    assert lines[0].startswith("@article") == ("journal" in found)
    assert found.keys() & {"eprint", "title", "url"}
    assert ("eprint" in found) == ("archivePrefix" in found)
    if key.startswith("arXiv:"):
        assert key == f"arXiv:{found['eprint']}"
    elif "year" in found:  # a preprint is older than the paper
        assert 0 <= int(found["year"]) - int(key.split(":")[1][:4]) <= 2


def test_file():
    """Nothing of it is left out, or there twice."""
    assert len(OURS) == BIB.count("@") == len(re.findall("^}$", BIB, re.MULTILINE))
    numbers = re.findall(r"eprint = \{(.*)\}", BIB)
    assert len(numbers) == len(set(numbers))


def test_bibtex():
    entry = bibtex("Buras:2014fpa")
    assert "1409.4557" in entry
    assert bibtex(["Buras:2014fpa"]) == entry == OURS["Buras:2014fpa"]
    both = bibtex("Straub:2018kue,  Buras:2014fpa")
    assert both == f"{entry}\n\n{OURS['Straub:2018kue']}"
    assert bibtex([]) == bibtex("") == ""
    title = citations.fields("Aubert:2007rs")["title"]
    assert title.startswith("Determination of")
    assert title.endswith("$|V_{cb}|$")
    unknown = bibtex(["arXiv:9999.00001", "Beneke:2001at"])
    assert "@misc{arXiv:9999.00001,\n  eprint = {9999.00001}," in unknown
    assert "texkey%20Beneke:2001at" in unknown
    with flavio.citations.collect():
        flavio.sm_prediction("BR(B+->Kinv)")
        assert bibtex() == bibtex(flavio.citations.string)
        assert "2309.02940" in bibtex()


@pytest.mark.parametrize("wrong", ["2309.02940", "Buras", "Buras 2014", "arXiv:1", "{x:2000ab"])
def test_no_key(wrong):
    with pytest.raises(nus.errors.InvalidValue, match=re.escape(wrong)):
        bibtex([wrong])


def test_sources_of_parameters():
    """The papers in the data files are in the list, if predictions are made of them."""
    data = _data.load_yaml("parameters.yml")
    text = _data.path("parameters.yml").read_text("utf-8")
    assert data["parameters"]
    # reach of future experiments, and the paper in whose figures it is, make no prediction
    numbers = set(re.findall(r"arXiv:((?:[a-z-]+/)?[\d.]+\d)", text))
    listed = set(re.findall(r"eprint = \{(.*)\}", BIB))
    assert numbers
    assert numbers <= listed


def test_collected():
    """Papers of a block, which the surrounding scope has, too."""
    with flavio.citations.collect() as outer:
        with citations.collected() as inner:
            flavio.sm_prediction("BR(B0->K*inv)")
        assert inner == outer.set == {*papers("BR(B0->K*inv)")}
        assert flavio.citations is outer


def test_spectrum(tmp_path):
    """In ``info``, in files, and what is read again."""
    spectrum = nus.tables.spectrum("<dBR/dq2>(B+->Kinv)", [0.0, 23.0])
    noted_papers = spectrum.info["Papers"].split(", ")
    assert {METHOD, citations.FLAVIO, "Gubernari:2023puw"} <= {*noted_papers}
    assert bibtex(spectrum.info["Papers"]).count("@") == len(noted_papers)
    path = tmp_path / "spectrum.csv"
    spectrum.to_csv(path)
    assert nus.tables.Spectrum.from_csv(path).info["Papers"] == spectrum.info["Papers"]
    running = NuWilson({"qn_2311": 1e-8}, 1e3, "nuSMEFT", "Warsaw")
    other = nus.tables.spectrum("<dBR/dq2>(B+->Kinv)", [0.0, 23.0], running)
    assert "Jenkins:2017jig" in other.info["Papers"]


def test_likelihood_notes_its_data():
    with flavio.citations.collect() as noted_papers:
        nus.likelihood("current", ["BR(Bs->inv)"])
        assert noted_papers.set == {"arXiv:2310.13043"}


def test_workers():
    """What workers compute is in their answers, and noted here."""
    data = nus.likelihood("current", ["BR(B->Xsinv)"])
    function = nus.LogLikelihood(data, ["QN_2311"], scale=1e3, eft="nuSMEFT", basis="FGMS")
    expected = {METHOD, "Buras:2014fpa"}
    with flavio.citations.collect() as noted_papers:
        answer = workers.evaluate(workers.pickled(Numbered(function)), [(0, np.array([1e-9]))], "")
        assert expected <= {*answer[3]}
        assert not noted_papers.set & expected
        with ThreadPoolExecutor(1) as executor:
            scan.grid(function, {"QN_2311": [1e-9]}, executor=executor, progress=False)
        assert expected <= noted_papers.set
