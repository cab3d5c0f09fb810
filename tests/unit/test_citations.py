"""The papers that predictions note in flavio.citations."""

from __future__ import annotations

import pickle
import re
import timeit

import flavio
import pytest

import flavio_nusmeft as nus
from flavio_nusmeft import NuWilson, _data, citations
from flavio_nusmeft.measurements import find
from flavio_nusmeft.observables import NAMES, QUANTITIES
from flavio_nusmeft.physics.formfactors import PROCESSES

METHOD = "arXiv:2309.02940"
OURS = _data.load_yaml("citations.yml")
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
    papers = noted(name)
    assert METHOD in papers
    expected = FORM_FACTORS.get(decay(name))
    if expected is None:
        leptonic = re.search(r"->(|e|mu|tau|l|X.*)$", decay(name))
        assert leptonic or decay(name) in ("tau->pi", "tau->K")
    else:
        assert expected in papers
    assert papers <= OURS.keys() | set(flavio_keys())
    assert noted(name) == papers
    assert flavio.Observable[name].theory_citations(*arguments(name)) == papers


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
    with flavio.citations.collect() as papers:
        nus.predict("BR(B0->K*inv)", {"QN_2311": [0, 1e-8]}, scale=1e3, eft="nuSMEFT", basis="FGMS")
        assert {METHOD, "Gubernari:2023puw", "arXiv:1908.02267"} <= papers.set
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
    cited |= {find(n).inspire for n in nus.dataset("current+electroweak+leptonic+charged+tails")}
    assert OURS.keys() - cited == {"arXiv:2507.12393"}


def test_costs_microseconds():
    par = flavio.default_parameters.get_central_all()
    quantity = QUANTITIES["BR(B0->K*inv)"]
    spec = quantity.__self__
    seconds = [
        min(timeit.repeat(lambda f=f: f(par), number=200, repeat=20)) / 200
        for f in (quantity, spec.function)
    ]
    assert seconds[0] - seconds[1] < 3e-5  # 3e-6 on an idle machine
