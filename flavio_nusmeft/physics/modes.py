"""The decay modes: one table for every family."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "CHARGED_LEPTONS",
    "INVISIBLE",
    "LEPTONIC",
    "LEPTON_TEX",
    "SEMILEPTONIC",
    "SEMI_INVISIBLE",
    "TAU_HADRONIC",
    "VECTORS",
    "ExclusiveMode",
    "TwoBodyMode",
]

CHARGED_LEPTONS = ("e", "mu", "tau")

_SCALES = {"sd": "kdecays", "cu": "dpll", "sc": "dpll", "dc": "dpll", "su": "kdecays"}
_B_SCALES = {0: "bpll", 0.5: "lambdab", 1: "bvll"}


@dataclass(frozen=True)
class ExclusiveMode:
    """A decay B -> M + inv, or B -> M l + inv with a charged lepton.

    B stands for any initial hadron: a K, D or B meson, or a baryon.

    Attributes
    ----------
    name : as in observables, e.g. ``B+->K*`` for BR(B+->K*inv), ``B0->Dtau`` for BR(B0->Dtauinv)
    B, M : flavio's hadron names, of the parameters ``m_...``, ``tau_...``, ``f_...``
    form_factors : transition of the form factors
    spin : spin of M
    tex : LaTeX of the transition
    quarks : flavours of the quark transition; with a charged lepton down- and up-type quark, also
        for the decays of charm: c -> s l nu is the conjugate of s -> c l nu, with the same rate
    width_factor : parameter that multiplies the short-distance rate, or None
    long_distance : whether the τ resonance contributes
    lepton : the charged lepton, or None
    isospin : 1/2 for π0 and ρ0, where the matrix element is that of π+ over √2 (in κ_ν for kaons)
    corrections : parameters δ; the amplitude is multiplied by 1 + δ
    kaon : for K decays which of flavio's κ_ν normalises the rate, ``plus`` or ``long``; ``long``
        is K_L, the mixture of K0 and K0bar (see `kaons`)
    """

    name: str
    B: str
    M: str
    form_factors: str
    spin: float
    tex: str
    quarks: str = "bs"
    width_factor: str | None = None
    long_distance: bool = False
    lepton: str | None = None
    isospin: float = 1.0
    corrections: tuple[str, ...] = ()
    kaon: str | None = None

    @property
    def scale(self) -> str:
        """Key of flavio's configured renormalisation scale."""
        return _SCALES.get(self.quarks) or _B_SCALES[self.spin]


@dataclass(frozen=True)
class TwoBodyMode:
    """A decay B -> inv, or B -> l + inv, with quarks ``quarks`` in the meson, or tau -> B + inv.

    ``scale`` is as that of `ExclusiveMode`. ``quarks`` of π0, η and ω are their names, for the
    mixtures of pairs in `channels.content`. ``part`` are the couplings, as in
    `channels.CouplingSet`; ``decay_constant`` is f_B of flavio unless it is given.
    """

    name: str
    B: str
    quarks: str
    tex: str
    lepton: str | None = None
    scale: str = "bll"
    part: str = "all"
    decay_constant: str = ""


_WIDTH = "B->K* finite width"

SEMI_INVISIBLE = {
    mode.name: mode
    for mode in (
        ExclusiveMode("B+->K", "B+", "K+", "B->K", 0, r"B^+\to K^+", long_distance=True),
        ExclusiveMode("B0->K", "B0", "K0", "B->K", 0, r"B^0\to K^0"),
        ExclusiveMode(
            "B+->K*",
            "B+",
            "K*+",
            "B->K*",
            1,
            r"B^+\to K^{*+}",
            width_factor=_WIDTH,
            long_distance=True,
        ),
        ExclusiveMode("B0->K*", "B0", "K*0", "B->K*", 1, r"B^0\to K^{*0}", width_factor=_WIDTH),
        ExclusiveMode("Bs->phi", "Bs", "phi", "Bs->phi", 1, r"B_s\to \phi"),
        ExclusiveMode(
            "Lambdab->Lambda",
            "Lambdab",
            "Lambda",
            "Lambdab->Lambda",
            0.5,
            r"\Lambda_b\to \Lambda",
        ),
        ExclusiveMode("B+->pi", "B+", "pi+", "B->pi", 0, r"B^+\to \pi^+", "bd", long_distance=True),
        ExclusiveMode("B0->pi", "B0", "pi0", "B->pi", 0, r"B^0\to \pi^0", "bd", isospin=0.5),
        ExclusiveMode(
            "B+->rho", "B+", "rho+", "B->rho", 1, r"B^+\to \rho^+", "bd", long_distance=True
        ),
        ExclusiveMode("B0->rho", "B0", "rho0", "B->rho", 1, r"B^0\to \rho^0", "bd", isospin=0.5),
        ExclusiveMode("K+->pi", "K+", "pi+", "K->pi", 0, r"K^+\to \pi^+", "sd", kaon="plus"),
        ExclusiveMode("KL->pi", "KL", "pi0", "K->pi", 0, r"K_L\to \pi^0", "sd", kaon="long"),
        ExclusiveMode("D+->pi", "D+", "pi+", "D->pi", 0, r"D^+\to \pi^+", "cu", long_distance=True),
        ExclusiveMode("D0->pi", "D0", "pi0", "D->pi", 0, r"D^0\to \pi^0", "cu", isospin=0.5),
        ExclusiveMode("Lambdac->p", "Lambdac", "p", "Lambdac->p", 0.5, r"\Lambda_c\to p", "cu"),
    )
}

LEPTON_TEX = {"e": "e", "mu": r"\mu", "tau": r"\tau", "l": r"\ell"}

_ALL, _LIGHT = CHARGED_LEPTONS, ("e", "mu")
# isospin breaking of K+ -> pi0, and electromagnetic corrections of K0 -> pi-, as flavio has them
_K_PLUS, _K_ZERO = ("K->pi delta_K+pi0",), ("K0{}3 delta_EM",)

SEMILEPTONIC = {
    f"{name}{lepton}": ExclusiveMode(
        f"{name}{lepton}",
        B,
        M,
        process,
        spin,
        tex + LEPTON_TEX[lepton] + "^+",
        quarks,
        lepton=lepton,
        isospin=isospin,
        corrections=tuple(key.format(lepton) for key in corrections),
    )
    for name, B, M, process, spin, tex, quarks, isospin, leptons, corrections in (
        ("B+->D", "B+", "D0", "B->D", 0, r"B^+\to \bar D^0 ", "bc", 1.0, _ALL, ()),
        ("B0->D", "B0", "D+", "B->D", 0, r"B^0\to D^- ", "bc", 1.0, _ALL, ()),
        ("B+->D*", "B+", "D*0", "B->D*", 1, r"B^+\to \bar D^{*0} ", "bc", 1.0, _ALL, ()),
        ("B0->D*", "B0", "D*+", "B->D*", 1, r"B^0\to D^{*-} ", "bc", 1.0, _ALL, ()),
        ("B+->pi", "B+", "pi0", "B->pi", 0, r"B^+\to \pi^0 ", "bu", 0.5, _ALL, ()),
        ("B0->pi", "B0", "pi+", "B->pi", 0, r"B^0\to \pi^- ", "bu", 1.0, _ALL, ()),
        ("B+->rho", "B+", "rho0", "B->rho", 1, r"B^+\to \rho^0 ", "bu", 0.5, _ALL, ()),
        ("B0->rho", "B0", "rho+", "B->rho", 1, r"B^0\to \rho^- ", "bu", 1.0, _ALL, ()),
        ("B+->omega", "B+", "omega", "B->omega", 1, r"B^+\to \omega ", "bu", 0.5, _ALL, ()),
        ("Bs->K*", "Bs", "K*+", "Bs->K*", 1, r"B_s\to K^{*-} ", "bu", 1.0, _ALL, ()),
        ("D+->K", "D+", "K0", "D->K", 0, r"D^+\to \bar K^0 ", "sc", 1.0, _LIGHT, ()),
        ("D0->K", "D0", "K+", "D->K", 0, r"D^0\to K^- ", "sc", 1.0, _LIGHT, ()),
        ("D+->pi", "D+", "pi0", "D->pi", 0, r"D^+\to \pi^0 ", "dc", 0.5, _LIGHT, ()),
        ("D0->pi", "D0", "pi+", "D->pi", 0, r"D^0\to \pi^- ", "dc", 1.0, _LIGHT, ()),
        ("K+->pi", "K+", "pi0", "K->pi", 0, r"K^+\to \pi^0 ", "su", 0.5, _LIGHT, _K_PLUS),
        ("KL->pi", "KL", "pi+", "K->pi", 0, r"K_L\to \pi^\mp ", "su", 1.0, _LIGHT, _K_ZERO),
        ("KS->pi", "KS", "pi+", "K->pi", 0, r"K_S\to \pi^\mp ", "su", 1.0, _LIGHT, _K_ZERO),
    )
    for lepton in leptons
}

INVISIBLE = {
    mode.name: mode
    for mode in (
        TwoBodyMode("Bs->", "Bs", "bs", r"B_s\to "),
        TwoBodyMode("B0->", "B0", "bd", r"B^0\to "),
        TwoBodyMode("D0->", "D0", "cu", r"D^0\to ", scale="dll"),
        TwoBodyMode("KL->", "KL", "sd", r"K_L\to ", None, "kdecays", "KL -> inv", "f_K0"),
        TwoBodyMode("KS->", "KS", "sd", r"K_S\to ", None, "kdecays", "KS -> inv", "f_K0"),
        TwoBodyMode("pi0->", "pi0", "pi0", r"\pi^0\to ", scale="kdecays"),
        TwoBodyMode("eta->", "eta", "eta", r"\eta\to ", None, "kdecays", "vector", "f_pi0"),
    )
}

VECTORS = {
    mode.name: mode
    for mode in (
        TwoBodyMode(f"{V}->", V, quarks, rf"{tex}\to ", None, scale, "photon")
        for V, quarks, tex, scale in (
            ("Upsilon(1S)", "bb", r"\Upsilon(1S)", "Upsilon(1S)"),
            ("J/psi", "cc", r"J/\psi", "J/psi"),
            ("phi", "ss", r"\phi", "kdecays"),
            ("omega", "omega", r"\omega", "kdecays"),
        )
    )
}

LEPTONIC = {
    f"{B}->{lepton}": TwoBodyMode(
        f"{B}->{lepton}", B, quarks, rf"{tex}\to {LEPTON_TEX[lepton]}^+", lepton, scale
    )
    for B, quarks, tex, leptons, scale in (
        ("Bc", "bc", "B_c^+", _ALL, "bll"),
        ("B+", "bu", "B^+", _ALL, "bll"),
        ("D+", "dc", "D^+", _ALL, "dll"),
        ("Ds", "sc", "D_s^+", _ALL, "dll"),
        ("K+", "su", "K^+", _LIGHT, "kdecays"),
        ("pi+", "du", r"\pi^+", _LIGHT, "kdecays"),
    )
    for lepton in leptons
}

TAU_HADRONIC = {
    name: TwoBodyMode(name, B, quarks, rf"\tau^+\to {tex}\,", "tau", "taudecays")
    for name, B, quarks, tex in (
        ("tau->pi", "pi+", "du", r"\pi^+"),
        ("tau->K", "K+", "su", "K^+"),
    )
}
