"""The explorer in a browser: headless Chromium, where it is installed."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

import flavio_nusmeft
from flavio_nusmeft import TeV, predict
from flavio_nusmeft.figures import write_explorer

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER), reason="Chromium is not installed")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run"
    " --disable-background-networking --disable-component-update --disable-sync"
)
POINT = {"scale": 1e3, "eft": "nuSMEFT", "basis": "FGMS", "options": {"qcd_loops": 4}}
# the display is rounded to four digits, the values behind it are not
SCALAR = "m_N=1.5&LNQd_2123=0.02"


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    return write_explorer(tmp_path_factory.mktemp("explorer") / "explorer.html").as_uri()


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in FLAGS.split():
        options.add_argument(flag)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('chromium')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.set_script_timeout(30)
    yield driver
    driver.quit()


@pytest.fixture
def page(browser, url):
    """Opens a link, with a new page; at the end there must be no error and no request."""
    browser.get_log("performance")

    def visit(state):
        browser.get("about:blank")
        browser.get(f"{url}#{state}")
        drawn(browser)
        return browser

    yield visit
    assert browser.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    requests = [
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
        and message["params"]["documentURL"].startswith("file:")
    ]
    assert requests
    assert all(address.startswith(("file:", "data:")) for address in requests)


def drawn(browser):
    """Wait for the next frame, which shows the state."""
    browser.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


def element(browser, selector):
    return browser.find_element("css selector", selector)


def state(browser):
    return browser.execute_script("return location.hash.slice(1)")


def rows(browser):
    """Values by observable."""
    return browser.execute_script(
        "return Object.fromEntries([...document.querySelectorAll('#table tbody tr')].map((row) =>"
        " [row.querySelector('th').title, Number(row.querySelectorAll('data')[1].value)]))"
    )


def spectra(browser):
    """Columns by observable: q², SM and total."""
    element(browser, "#csv").send_keys("\n")
    href = browser.execute_script(
        "return decodeURIComponent(document.getElementById('csv').href.split(',').slice(1).join())"
    )
    lines = [line.split(",") for line in href.splitlines()[2:]]
    names = dict.fromkeys(line[0] for line in lines)
    return {n: np.array([line[1:] for line in lines if line[0] == n], dtype=float) for n in names}


def split(text):
    """Mass and coefficients (GeV^-2) of a state."""
    mass, coefficients = 0.0, {}
    for part in text.split("&"):
        name, _, value = part.partition("=")
        size, _, phase = value.partition("@")
        if name == "m_N":
            mass = float(size)
        else:
            turn = np.exp(1j * np.pi * float(phase or 0) / 180)
            coefficients[name] = float(size) * turn * TeV**-2
    return mass, coefficients


def check(browser, text):
    """Values and spectra against `predict`, at 1e-3."""
    mass, coefficients = split(text)
    par = {"m_N1": mass}
    found = rows(browser)
    exact = predict(list(found), coefficients, par=par, **POINT)
    for name, value in found.items():
        assert value == pytest.approx(float(exact[name]), rel=1e-3, abs=0), (text, name)
    for name, (q2, sm, total) in {n: s.T for n, s in spectra(browser).items()}.items():
        chosen = np.linspace(1, len(q2) - 2, 9).astype(int)
        keys = [(name, float(q2[k])) for k in chosen]
        for shown, C in ((total, coefficients), (sm, {})):
            exact = predict(keys, C, par=par, **POINT)
            expected = [float(exact[key]) for key in keys]
            assert shown[chosen] == pytest.approx(expected, rel=1e-3, abs=1e-16), (text, name)


STATES = [
    "m_N=0",
    "m_N=0&QN_2311=0.02&dN_2311=0.015@-40&LNQdT_1132=0.004",
    SCALAR,
    "m_N=2.39&QN_2311=1&dN_2311=0.4@180",
    "m_N=4.78&LNQd_3132=1&LNQdT_3123=1",
    "m_N=5.36&LNQd_1123=1&QN_2311=1",
    "m_N=1.6301234&LNQd_3123=0.8123456&LNQdT_3123=0.3",
]


@pytest.mark.parametrize("link", STATES)
def test_links(link, page):
    """A link restores a state, whose numbers are predictions; also at thresholds."""
    browser = page(link)
    assert state(browser) == link
    assert element(browser, "#notice").text == ""
    check(browser, link)


def test_python(page):
    """The call that the page shows gives the numbers of the page."""
    browser = page("m_N=1.2&QN_2311=0.02&dN_2311=0.015@-40&LNQdT_1132=0.004")
    _, call = element(browser, "#python").text.split("\n\n")
    found = eval(call, {"nus": flavio_nusmeft})
    for name, value in rows(browser).items():
        assert value == pytest.approx(float(found[name]), rel=1e-5, abs=0)


def test_sliders(page):
    """Values follow sliders at once, at random positions of them."""
    browser = page("m_N=1&QN_2311=0.01&dN_2311=0.02&LNQd_2123=0.02")
    rng = np.random.default_rng(3)
    for _ in range(4):
        browser.execute_script(
            "for (const [k, slider] of document.querySelectorAll('input[type=range]').entries()) {"
            " const [low, high] = [slider.min, slider.max].map(Number);"
            " slider.value = low + arguments[0][k] * (high - low);"
            " slider.dispatchEvent(new Event('input')); }",
            rng.random(10).tolist(),
        )
        drawn(browser)
        check(browser, state(browser))


def test_keyboard(page):
    """All of it: sliders, numbers, operators, the cursor in the spectra, and nothing traps Tab."""
    from selenium.webdriver.common.keys import Keys

    browser = page(SCALAR)
    before = rows(browser)["BR(B0->Kinv)"]
    element(browser, "#mass").send_keys(Keys.ARROW_RIGHT)
    assert split(state(browser))[0] == pytest.approx(1.51, abs=1e-9)
    element(browser, "#size-0").send_keys(Keys.ARROW_RIGHT)
    drawn(browser)
    assert rows(browser)["BR(B0->Kinv)"] > before
    number = element(browser, "#mass-number")
    number.send_keys(Keys.CONTROL, "a", Keys.NULL, "2.25")
    assert state(browser).startswith("m_N=2.25&")
    element(browser, "#add").send_keys(Keys.ENTER)
    drawn(browser)
    assert "&QN_2311=0.01" in state(browser)
    assert browser.switch_to.active_element.tag_name == "select"
    curve = element(browser, "#panels svg")
    at = float(curve.get_attribute("aria-valuenow"))
    curve.send_keys(Keys.ARROW_RIGHT)
    assert float(curve.get_attribute("aria-valuenow")) == at + 0.25
    browser.execute_script("document.activeElement.blur()")
    visited = []
    for _ in range(60):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        visited.append(browser.execute_script("return document.activeElement.outerHTML"))
    assert len(set(visited)) > 30
    assert any('id="copy"' in html for html in visited)


def test_labels(page):
    """Every control has a name."""
    browser = page("m_N=1&QN_2311=0.01&dN_2311=0.02")
    for control in browser.find_elements("css selector", "input, select, button, a, svg[tabindex]"):
        if control.is_displayed():
            assert control.accessible_name, control.get_attribute("outerHTML")


def test_phase_is_shown_where_it_matters(page):
    browser = page("m_N=1&QN_2311=0.01&LNQd_2123=0.02")
    assert not any(p.is_displayed() for p in browser.find_elements("css selector", ".phase"))
    browser = page("m_N=1&QN_2311=0.01&dN_2311=0.02")
    assert all(p.is_displayed() for p in browser.find_elements("css selector", ".phase"))


def test_wrong_links_and_numbers_are_named(page):
    browser = page("m_N=9&QN_2311=0.02&foo=1&LNQd_2123=0.5@200")
    assert state(browser) == "m_N=0&QN_2311=0.02"
    assert "m_N=9, foo=1, LNQd_2123=0.5@200" in element(browser, "#notice").text
    element(browser, "#mass-number").send_keys("99")
    assert "Give a number from 0 to 5.37" in element(browser, "#notice").text
    assert state(browser) == "m_N=0&QN_2311=0.02"


def test_limits_are_no_measurements(page):
    """Pulls for what is measured, within or not for what is limited."""
    browser = page("m_N=0&QN_2311=0.025")
    found = {
        row.find_element("css selector", "th").text: row.find_element(
            "css selector", ".verdict"
        ).text
        for row in browser.find_elements("css selector", "#table tbody tr")
    }
    assert found["B⁺ → K⁺ + inv"].split("\n")[0].endswith("σ")
    assert found["B⁰ → K*⁰ + inv"] == "✕ 1.61 × limit"
    assert found["Bₛ → inv"] == "✓ allowed"
    assert "B⁰ → K*⁰ + inv (1.61 × limit)" in element(browser, "#outcome").text


@pytest.mark.parametrize("width", [360, 1280])
def test_width(width, page):
    """Nothing is wider than the window."""
    browser = page("m_N=1&QN_2311=0.01&dN_2311=0.02")
    try:
        metrics = {"width": width, "height": 740, "deviceScaleFactor": 1, "mobile": width < 700}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
