"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const [SMALLEST, LARGEST] = data.range;
const names = data.coefficients.map((c) => c.name);

// ---- numbers: rates are x^T Q(m_N) x, their entries (1 - t²)^p t^z P(t) with t = m_N / m_max

// values at x of the polynomials that are 1 at one of n Chebyshev nodes in (0, 1), 0 at the others
function basis(n, x) {
  const result = new Float64Array(n);
  let sum = 0;
  for (let k = 0; k < n; k++) {
    const angle = ((2 * k + 1) * Math.PI) / (2 * n);
    const distance = x - (1 - Math.cos(angle)) / 2;
    if (distance === 0) return result.fill(0).fill(1, k, k + 1);
    sum += result[k] = ((k % 2 ? -1 : 1) * Math.sin(angle)) / distance;
  }
  return result.map((value) => value / sum);
}

const dot = (a, b) => a.reduce((sum, value, k) => sum + value * b[k], 0);

// P at t, of spectra also at the values of the polynomials of q²
function form([m_max, power, zero, values], m_N, root_q2, q2_basis) {
  const t = m_N === 0 ? 0 : m_N / (m_max * root_q2);
  if (t >= 1) return 0;
  const nodes = q2_basis ? values.map((row) => dot(q2_basis, row)) : values;
  return dot(basis(nodes.length, t), nodes) * (1 - t * t) ** power * t ** zero;
}

function rate({ constant, forms, terms }, x, m_N, q2 = 1, q2_max = 0) {
  const q2_basis = q2_max ? basis(constant.length, q2 / q2_max) : null;
  const needed = new Set(terms.filter(([, i, j]) => x[i] && x[j]).map(([k]) => k));
  const value = forms.map((f, k) => (needed.has(k) ? form(f, m_N, Math.sqrt(q2), q2_basis) : 0));
  let sum = q2_basis ? dot(q2_basis, constant) : constant;
  for (const [k, i, j, w] of terms) sum += w * value[k] * x[i] * x[j];
  return q2_basis ? sum * Math.max(0, 1 - q2 / q2_max) ** data["q2 power"] : sum;
}

function observable({ rates }, x, m_N) {
  const [above, below = 1] = rates.map((r) => rate(r, x, m_N));
  return above / below;
}

// dBR/dq²
function spectrum({ rates, q2_max, tau }, x, m_N, q2) {
  const background = tau && q2 <= tau[0] ? tau[1] + tau[2] * q2 : 0;
  return rate(rates[0], x, m_N, q2, q2_max) + background;
}

// x = (1, Re c_1, Im c_1, ...) in TeV^-2
function vector(terms) {
  const x = new Float64Array(1 + 2 * names.length);
  x[0] = 1;
  for (const { name, size, phase } of terms) {
    const k = 1 + 2 * names.indexOf(name);
    // exact at multiples of 90°
    const cosine = (angle) => (angle % 180 === 90 ? 0 : Math.cos((angle * Math.PI) / 180));
    x[k] = size * cosine(Math.abs(phase));
    x[k + 1] = size * cosine(Math.abs(phase - 90));
  }
  return x;
}

const SM = vector([]);
const allRates = [...data.rows, ...data.panels].flatMap((entry) => entry.rates);
const interfering = new Set();
for (const { terms } of allRates) {
  for (const [, i, j] of terms) {
    const [a, b] = [i, j].map((k) => names[(k - 1) >> 1]);
    if (a && b && a !== b) interfering.add(`${a} ${b}`).add(`${b} ${a}`);
  }
}
const standard = data.rows.map((row) => observable(row, SM, 0));

// largest masses with which a coefficient changes an observable
function openings(entry, name) {
  const k = 1 + 2 * names.indexOf(name);
  return entry.rates.flatMap(({ forms, terms }) =>
    terms.filter(([, i, j]) => [k, k + 1].includes(i) || [k, k + 1].includes(j)).map(([f]) => forms[f][0]));
}
const heaviest = Math.max(...data.rows.flatMap((row) => names.flatMap((name) => openings(row, name))));
const LARGEST_MASS = Math.ceil(100 * heaviest) / 100;

// linear between the values of the table of a measurement, and beyond
function pull({ pull: table }, value) {
  let k = table.findIndex(([x]) => x >= value);
  if (k < 0) k = table.length - 1;
  const [[x0, y0], [x1, y1]] = table.slice(Math.max(0, k - 1), Math.max(0, k - 1) + 2);
  return y0 + ((y1 - y0) * (value - x0)) / (x1 - x0);
}

// ---- texts

const superscript = (n) => String(n).replace(/./g, (c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]);
const minus = (text) => text.replace("-", "−");

function digits(value, n = 3) {
  if (value === 0) return "0";
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= -2 && exponent < 4) return minus(value.toPrecision(n));
  const [mantissa, power] = value.toExponential(n - 1).split("e");
  return `${minus(mantissa)} × 10${superscript(Number(power))}`;
}
const short = (value) => String(Number(value.toPrecision(4)));
const exact = (value) => String(Number(value.toPrecision(12)));

function verdict(result, value) {
  if (result.limit !== null) {
    if (value <= result.limit) return { text: "✓ allowed", kind: "good" };
    return { text: `✕ ${digits(value / result.limit, 3)} × limit`, kind: "bad" };
  }
  const size = pull(result, value);
  const tenths = Math.abs(size) > 20 ? "20" : Math.abs(size).toFixed(1);
  const sign = tenths === "0.0" ? "" : size < 0 ? "−" : "+";
  const text = `${tenths === "20" ? "beyond " : ""}${sign}${tenths} σ`;
  return { text, kind: Math.abs(size) > 2 ? "bad" : "", size };
}

// ---- state, and the link that carries it

const DEFAULT = "m_N=1.5&LNQd_2123=0.02";
let state = { mass: 0, terms: [] };

function write({ mass, terms }) {
  const values = terms.map(({ name, size, phase }) =>
    `${name}=${exact(size)}${phase ? `@${exact(phase)}` : ""}`);
  return [`m_N=${exact(mass)}`, ...values].join("&");
}

// also says what it could not take over
function read(text) {
  const found = { mass: 0, terms: [] };
  const wrong = [];
  for (const part of text.split("&").filter(Boolean)) {
    const [name, value = ""] = part.split("=");
    const [size, phase] = value.split("@").map((word) => (word.trim() ? Number(word) : NaN));
    const inside = (low, high) => size >= low && size <= high;
    if (name === "m_N" && inside(0, LARGEST_MASS)) found.mass = size;
    else if (names.includes(name) && inside(0, LARGEST) && !found.terms.some((t) => t.name === name)
      && (phase === undefined || Math.abs(phase) <= 180)) found.terms.push({ name, size, phase: phase ?? 0 });
    else wrong.push(part);
  }
  return { found, wrong };
}

function restore() {
  let text = location.hash.slice(1);
  try { text = decodeURIComponent(text); } catch { /* as it is */ }
  if (!text.includes("=")) text = DEFAULT;
  const { found, wrong } = read(text);
  state = found;
  byId("notice").textContent = wrong.length
    ? `The link has what this page cannot take over: ${wrong.join(", ")}. Masses are from 0 to ${LARGEST_MASS} GeV, `
      + `coefficients from 0 to ${LARGEST} TeV⁻², phases (after @) from −180° to 180°.` : "";
  build();
  update();
}

// ---- controls

function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

// a slider of powers of ten, or linear, and a number, of which each follows the other
function connect(slider, number, { get, set, toSlider, fromSlider, low, high }) {
  const accept = (chosen) => { set(chosen); byId("notice").textContent = ""; describe(); update(); };
  const describe = () => slider.setAttribute("aria-valuetext", `${number.value} ${number.dataset.unit}`);
  slider.addEventListener("input", () => {
    number.value = short(fromSlider(Number(slider.value)));
    number.setCustomValidity("");
    accept(Number(number.value));
  });
  number.addEventListener("input", () => {
    const chosen = number.value === "" ? NaN : Number(number.value);
    const fine = chosen >= low && chosen <= high;
    number.setCustomValidity(fine ? "" : `a number from ${low} to ${high}`);
    if (!fine) { byId("notice").textContent = `Give a number from ${low} to ${high}.`; return; }
    slider.value = toSlider(chosen);
    accept(chosen);
  });
  const refresh = () => {
    slider.value = toSlider(get());
    number.value = exact(get());
    number.setCustomValidity("");
    describe();
  };
  refresh();
  return refresh;
}

const log10 = Math.log10;
const classes = [...new Set(data.coefficients.map((c) => c.class))];

function choices(term) {
  const select = element("select", { ariaLabel: "operator" });
  for (const group of classes) {
    const options = data.coefficients.filter((c) => c.class === group).map(({ name, text }) =>
      element("option", { value: name, textContent: `${name} · ${text}`, selected: name === term.name,
        disabled: name !== term.name && state.terms.some((other) => other.name === name) }));
    select.append(element("optgroup", { label: group }, ...options));
  }
  select.addEventListener("change", () => {
    term.name = select.value;
    build();
    update();
    byId("coefficients").children[state.terms.indexOf(term)].querySelector("select").focus();
  });
  return select;
}

function line(id, label, unit, description) {
  const slider = element("input", { type: "range", id });
  const number = element("input", { type: "number", step: "any", ariaLabel: `${description} in ${unit}` });
  number.dataset.unit = unit;
  const row = element("div", { className: "line" }, element("label", { htmlFor: id, innerHTML: label }),
    slider, number, element("span", { className: "unit", textContent: unit }));
  return { row, slider, number };
}

function block(term, k) {
  const remove = element("button", { type: "button", textContent: "✕", ariaLabel: `remove ${term.name}`, title: "remove" });
  remove.addEventListener("click", () => {
    state.terms.splice(k, 1);
    build();
    update();
    byId("add").focus();
  });
  const size = line(`size-${k}`, "|C|", "TeV⁻²", `size of ${term.name}`);
  Object.assign(size.slider, { min: log10(SMALLEST), max: log10(LARGEST), step: 0.01 });
  connect(size.slider, size.number, {
    get: () => term.size, set: (value) => { term.size = value; }, low: 0, high: LARGEST,
    toSlider: (value) => log10(Math.max(value, SMALLEST)), fromSlider: (value) => 10 ** value,
  });
  const phase = line(`phase-${k}`, "arg", "°", `phase of ${term.name}`);
  Object.assign(phase.slider, { min: -180, max: 180, step: 5 });
  connect(phase.slider, phase.number, {
    get: () => term.phase, set: (value) => { term.phase = value; }, low: -180, high: 180,
    toSlider: Number, fromSlider: Number,
  });
  phase.row.classList.add("phase");
  return element("fieldset", {}, element("legend", { textContent: term.name }),
    element("div", { className: "choice" }, choices(term), remove), size.row, phase.row,
    element("p", { className: "note" }));
}

byId("mass").max = LARGEST_MASS;
byId("mass-number").dataset.unit = "GeV";
const refreshMass = connect(byId("mass"), byId("mass-number"), {
  get: () => state.mass, set: (value) => { state.mass = value; }, low: 0, high: LARGEST_MASS,
  toSlider: Number, fromSlider: Number,
});

function build() {
  byId("coefficients").replaceChildren(...state.terms.map(block));
  byId("add").disabled = state.terms.length === names.length;
  refreshMass();
}

byId("add").addEventListener("click", () => {
  const name = names.find((candidate) => !state.terms.some((term) => term.name === candidate));
  state.terms.push({ name, size: 0.01, phase: 0 });
  build();
  update();
  byId("coefficients").lastElementChild.querySelector("select").focus();
});

byId("copy").addEventListener("click", async () => {
  const button = byId("copy");
  try {
    await navigator.clipboard.writeText(location.href);
    button.textContent = "Copied";
  } catch {
    button.textContent = "The link is in the address bar";
  }
  setTimeout(() => { button.textContent = "Copy link"; }, 2000);
});

for (const [text, link] of [
  ["Standard Model", "m_N=0"],
  ["Scalar, 1.5 GeV", "m_N=1.5&LNQd_2123=0.02"],
  ["Scalar, 4 GeV", "m_N=4&LNQd_2123=0.1"],
  ["Vector, massless", "m_N=0&QN_2311=0.025"],
  ["Vector, 1.5 GeV", "m_N=1.5&QN_2311=0.036"],
  ["Vectors that cancel in B → K", "m_N=1.5&QN_2311=0.03&dN_2311=0.03@180"],
  ["Tensor, 1 GeV", "m_N=1&LNQdT_2123=0.02"],
]) byId("examples").append(element("li", {}, element("a", { href: `#${link}`, textContent: text })));

// ---- spectra

const WIDTH = 420, HEIGHT = 235, LEFT = 34, RIGHT = 10, TOP = 12, BOTTOM = 34;
const svg = (tag, attributes, text = "") => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.textContent = text;
  return node;
};
const UNIT = 1e-6; // of the axes, GeV^-2
let cursor = 10; // q², GeV²
const Q2_AXIS = 5 * Math.ceil(Math.max(...data.panels.map((p) => p.q2_max)) / 5);
const horizontal = (q2) => LEFT + (q2 / Q2_AXIS) * (WIDTH - LEFT - RIGHT);

function niceStep(top) {
  const raw = top / 4;
  const power = 10 ** Math.floor(log10(raw));
  return power * [1, 2, 2.5, 5, 10].find((f) => f * power >= raw * 0.999);
}

// q² of the thresholds of the coefficients that are not 0
function thresholds(panel) {
  const active = state.terms.filter(({ size }) => size).map(({ name }) => name);
  const open = active.flatMap((name) => openings(panel, name)); // in units of √q²
  return [...new Set(open)].map((m_max) => (state.mass / m_max) ** 2).filter((q2) => q2 > 0 && q2 < panel.q2_max);
}

// denser where curves begin and end
function grid(panel) {
  const points = [0, ...thresholds(panel), panel.tau?.[0], panel.q2_max].filter((q2) => q2 !== undefined);
  const edges = [...new Set(points)].sort((a, b) => a - b);
  const inner = edges.slice(1).flatMap((end, k) => {
    const start = edges[k], n = 8 + Math.ceil((70 * (end - start)) / panel.q2_max);
    return Array.from({ length: n }, (_, i) => start + (end - start) * (1 - Math.cos((Math.PI * (i + 1)) / n)) / 2);
  });
  return [0, ...inner];
}

const figures = data.panels.map((panel) => {
  const canvas = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "slider", tabindex: 0, "aria-valuemin": 0, "aria-valuemax": Q2_AXIS });
  canvas.setAttribute("aria-label", `q² in the spectrum of ${panel.label}`);
  const reading = element("span");
  byId("panels").append(element("figure", {}, element("figcaption", { textContent: panel.label }, reading), canvas));
  const move = (q2) => {
    cursor = Math.min(Math.max(q2, 0), Q2_AXIS);
    drawCursor();
  };
  canvas.addEventListener("pointermove", (event) => {
    const box = canvas.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * WIDTH;
    move(((x - LEFT) / (WIDTH - LEFT - RIGHT)) * Q2_AXIS);
  });
  canvas.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -0.25, ArrowRight: 0.25, PageDown: -2, PageUp: 2, Home: -Infinity, End: Infinity };
    if (!(event.key in steps)) return;
    event.preventDefault();
    move(cursor + steps[event.key]);
  });
  return { panel, canvas, reading };
});

function drawPanel({ panel, canvas }, x) {
  const q2 = grid(panel);
  const sm = q2.map((value) => spectrum(panel, SM, 0, value) / UNIT);
  const total = q2.map((value) => spectrum(panel, x, state.mass, value) / UNIT);
  const top = Math.max(...sm, ...total) * 1.08;
  const step = niceStep(top);
  const vertical = (value) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - TOP - BOTTOM);
  const path = (values) => values.map((value, k) => `${k ? "L" : "M"}${horizontal(q2[k]).toFixed(2)} ${vertical(value).toFixed(2)}`).join("");
  const nodes = [];
  for (let k = 0; k * step < top; k++) {
    const y = vertical(k * step);
    nodes.push(svg("line", { class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y }),
      svg("text", { x: LEFT - 5, y: y + 4, "text-anchor": "end" }, Number((k * step).toPrecision(6))));
  }
  for (let value = 0; value <= Q2_AXIS; value += 5) {
    nodes.push(svg("line", { class: "axis", x1: horizontal(value), x2: horizontal(value), y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM + 4 }),
      svg("text", { x: horizontal(value), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, value));
  }
  const back = [...q2.keys()].reverse().map((k) => `L${horizontal(q2[k]).toFixed(2)} ${vertical(total[k] - sm[k]).toFixed(2)}`);
  nodes.push(
    svg("text", { x: WIDTH - RIGHT, y: HEIGHT - 4, "text-anchor": "end" }, "q² [GeV²]"),
    svg("text", { x: LEFT + 5, y: TOP + 2 }, "dBR/dq² [10⁻⁶ GeV⁻²]"),
    svg("path", { class: "area", d: `M${horizontal(0)} ${vertical(0)}L${horizontal(panel.q2_max)} ${vertical(0)}${back.join("")}Z` }),
    ...thresholds(panel).map((value) => svg("line", { class: "edge", x1: horizontal(value), x2: horizontal(value), y1: TOP + 8, y2: HEIGHT - BOTTOM })),
    svg("path", { class: "curve sm", d: path(sm) }),
    svg("path", { class: "curve", d: path(total) }),
    svg("line", { class: "axis", x1: LEFT, x2: WIDTH - RIGHT, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM }),
    svg("line", { class: "cursor", y1: TOP + 8, y2: HEIGHT - BOTTOM }),
  );
  canvas.replaceChildren(...nodes);
}

function drawCursor() {
  const x = vector(state.terms);
  for (const { panel, canvas, reading } of figures) {
    const at = horizontal(cursor);
    for (const name of ["x1", "x2"]) canvas.querySelector(".cursor").setAttribute(name, at);
    const [value, sm] = [[x, state.mass], [SM, 0]].map(([y, m_N]) =>
      cursor < panel.q2_max ? spectrum(panel, y, m_N, cursor) / UNIT : 0);
    reading.textContent = `${digits(value)} (SM ${digits(sm)})`;
    canvas.setAttribute("aria-valuenow", cursor.toFixed(2));
    canvas.setAttribute("aria-valuetext", `${cursor.toFixed(2)} GeV²: dBR/dq² is ${digits(value)} × 10⁻⁶ GeV⁻², `
      + `in the Standard Model ${digits(sm)}`);
  }
  byId("cursor").textContent = `Numbers above: 10⁻⁶ GeV⁻² at q² = ${cursor.toFixed(2)} GeV² (point at a curve, or use arrow keys).`;
}

byId("csv").addEventListener("click", () => {
  const x = vector(state.terms);
  const lines = [`# flavio_nusmeft ${data.version}: ${write(state)}`, "observable,q2 [GeV^2],SM [GeV^-2],total [GeV^-2]"];
  for (const panel of data.panels) {
    for (const q2 of grid(panel)) {
      lines.push([panel.observable, q2, spectrum(panel, SM, 0, q2), spectrum(panel, x, state.mass, q2)].join(","));
    }
  }
  byId("csv").href = `data:text/csv;charset=utf-8,${encodeURIComponent(lines.join("\n"))}\n`;
});

// ---- table

const cells = data.rows.map((row, k) => {
  const cell = (name, className = "") => {
    const node = element("td", { className });
    if (name) node.dataset.name = name;
    return node;
  };
  const first = row.results[0];
  const parts = { sm: cell("SM"), value: cell("with N"), ratio: cell("/ SM", "ratio"), scale: cell("", "scale"),
    data: cell("", "data"), verdict: cell("", "verdict") };
  parts.sm.append(element("data", { value: standard[k], textContent: digits(standard[k], 4) }));
  parts.data.append(first ? first.text : "not in the data set");
  if (first) {
    const source = first.url ? element("a", { href: first.url, textContent: first.source }) : first.source;
    parts.data.append(element("small", { title: first.name }, source));
  }
  byId("table").tBodies[0].append(element("tr", {}, element("th", { scope: "row", textContent: row.label, title: row.observable }), ...Object.values(parts)));
  return parts;
});
const details = data.rows.flatMap((row, k) => row.results.map((result) => {
  const cell = element("td", { className: "verdict" });
  const name = result.url ? element("a", { href: result.url, textContent: result.name }) : result.name;
  byId("measurements").tBodies[0].append(element("tr", {}, element("th", { scope: "row", textContent: row.label }),
    element("td", {}, name), element("td", { textContent: result.text }), cell));
  return { k, result, cell };
}));

// where a value is: branching ratios from 10⁻⁶ to 10⁻³, ratios within six standard deviations
function drawScale(cell, row, sm, value, first) {
  const width = 110, middle = 9;
  let at = (y) => 4 + ((log10(Math.max(y, 1e-9)) + 6) / 3) * (width - 8);
  if (first?.limit == null && !(sm < 0.01)) {
    at = (y) => 4 + ((y - first.central) / (first.plus + first.minus) + 3) * (width - 8) / 6;
  }
  const inside = (y) => Math.min(Math.max(at(y), 2), width - 2);
  const nodes = [svg("line", { class: "grid", x1: 2, x2: width - 2, y1: middle, y2: middle })];
  if (first?.limit != null) {
    nodes.push(svg("rect", { class: "forbidden", x: inside(first.limit), y: 2, width: width - 2 - inside(first.limit), height: 14 }),
      svg("line", { class: "limit", x1: inside(first.limit), x2: inside(first.limit), y1: 1, y2: 17 }));
  } else if (first) {
    const [low, high] = [first.central - first.minus, first.central + first.plus].map(inside);
    nodes.push(svg("rect", { class: "band", x: low, y: 2, width: high - low, height: 14 }));
  }
  if (sm > 0) nodes.push(svg("line", { class: "standard", x1: inside(sm), x2: inside(sm), y1: 3, y2: 15 }));
  if (value > 0) nodes.push(svg("circle", { class: "prediction", cx: inside(value), cy: middle, r: 3.6 }));
  const picture = svg("svg", { viewBox: `0 0 ${width} 18`, "aria-hidden": "true" });
  picture.append(...nodes);
  cell.replaceChildren(picture);
}

function show(cell, { text, kind }) {
  cell.replaceChildren(element("span", { textContent: text, className: kind }));
}

function drawTable(x) {
  const values = data.rows.map((row) => observable(row, x, state.mass));
  const tensions = [], pulls = [];
  data.rows.forEach((row, k) => {
    const value = values[k], parts = cells[k];
    parts.value.replaceChildren(element("data", { value, textContent: digits(value, 4) }));
    parts.ratio.textContent = standard[k] ? digits(value / standard[k], 3) : "–";
    const first = row.results[0];
    drawScale(parts.scale, row, standard[k], value, first);
    if (!first) return;
    const found = verdict(first, value), before = verdict(first, standard[k]);
    show(parts.verdict, found);
    if (first.limit !== null) {
      if (found.kind === "bad") tensions.push(`${row.label} (${found.text.slice(2)})`);
      return;
    }
    parts.verdict.append(element("small", { textContent: `SM ${before.text}` }));
    if (!k || Math.abs(found.size - before.size) > 0.25) pulls.push(`${row.label} ${found.text} (SM ${before.text})`);
  });
  for (const { k, result, cell } of details) show(cell, verdict(result, values[k]));
  const point = state.terms.filter(({ size }) => size).map(({ name, size, phase }) =>
    `${name} = ${short(size)} TeV⁻²${phase ? ` (${minus(short(phase))}°)` : ""}`).join(", ");
  byId("point").textContent = point ? `${point}, m_N = ${short(state.mass)} GeV` : "Standard Model";
  byId("outcome").replaceChildren(element("span", tensions.length
    ? { className: "bad", textContent: `✕ above the limit on ${tensions.join(", ")}` }
    : { className: "good", textContent: "✓ below the limits of the table" }), `; ${pulls.join(", ")}`);
}

// ---- everything that follows the state

function drawNotes() {
  const active = state.terms.map(({ name }) => name);
  state.terms.forEach((term, k) => {
    const node = byId("coefficients").children[k];
    const matters = active.some((other) => interfering.has(`${term.name} ${other}`));
    node.querySelector(".phase").hidden = !matters;
    const closed = data.rows.filter((row) => {
      const masses = openings(row, term.name);
      return masses.length && Math.max(...masses) <= state.mass;
    }).map((row) => row.label);
    const scale = term.size ? `Λ = C⁻¹ᐟ² = ${digits(term.size ** -0.5)} TeV` : "not there";
    node.querySelector(".note").textContent = closed.length ? `${scale}; closed: ${closed.join(", ")}` : scale;
  });
  byId("open").textContent = `B → K: two N up to ${openings(data.rows[0], "QN_2311")[0].toFixed(2)}, one N up to `
    + `${openings(data.rows[0], "LNQd_2123")[0].toFixed(2)} GeV`;
}

function python() {
  const quote = (text) => JSON.stringify(text);
  const x = vector(state.terms);
  const coefficients = state.terms.map(({ name, size, phase }) => {
    const k = 1 + 2 * names.indexOf(name);
    const value = phase % 180 ? `complex(${exact(x[k])}, ${exact(x[k + 1])})` : exact(x[k]);
    return `        ${quote(name)}: ${value} * nus.TeV**-2,\n`;
  }).join("");
  const par = Object.entries({ ...data.predict.par, [data.predict.mass]: exact(state.mass) });
  const lines = [""];
  for (const { observable: name } of data.rows) {
    if (lines.at(-1).length > 60) lines.push("");
    lines[lines.length - 1] += `${lines.at(-1) && " "}${quote(name)},`;
  }
  byId("python").textContent = `import flavio_nusmeft as nus\n\nnus.predict(\n    [\n`
    + lines.map((text) => `        ${text}\n`).join("")
    + `    ],\n    {${coefficients && `\n${coefficients}    `}},\n`
    + `    par={${par.map(([name, value]) => `${quote(name)}: ${value}`).join(", ")}},\n    ${data.predict.arguments},\n)`;
}

let waiting = false;
function update() {
  history.replaceState(null, "", `#${write(state)}`);
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    const x = vector(state.terms);
    drawNotes();
    for (const figure of figures) drawPanel(figure, x);
    drawCursor();
    drawTable(x);
    python();
  });
}

// ---- what the page says about itself

byId("dataset").textContent = `“${data.dataset}”. flavio_nusmeft ${data.version}, running = ${data.made.running}, `
  + `qcd_loops = ${data.made.qcd_loops}`;
byId("scale").textContent = data.made.EFT;
byId("tau").textContent = data.panels.some(({ tau }) => tau)
  ? "B⁺ → K⁺ and B⁺ → K*⁺ contain the long-distance part B⁺ → τ⁺ν, τ⁺ → K⁽*⁾⁺ν̄, as in the paper."
  : "B⁺ → K⁺ and B⁺ → K*⁺ are the short-distance rates, which experiments quote: without B⁺ → τ⁺ν, τ⁺ → K⁽*⁾⁺ν̄.";
byId("error").textContent = `Rates are exact quadratic forms of the coefficients, interpolated in the mass of N (and q²): when this page `
  + `was made, its numbers differed from predictions of flavio_nusmeft by at most ${digits(data.error, 2)} (relative) at ${data.trials} `
  + `random points of all observables and spectra, down to 10⁻⁵ from thresholds.`;
for (const [name, value] of Object.entries(data.made)) {
  byId("made").append(element("dt", { textContent: name }), element("dd", { textContent: value }));
}
for (const { key, title } of data.papers) {
  const arxiv = key.match(/^arXiv:(.*)/)?.[1];
  const href = arxiv ? `https://arxiv.org/abs/${arxiv}` : `https://inspirehep.net/literature?q=texkeys%3A${encodeURIComponent(key)}`;
  byId("papers").append(element("li", {}, element("a", { href, textContent: key }), title ? ` ${title}` : ""));
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address carries the state
  byId("results").focus();
});
window.addEventListener("hashchange", () => {
  if (location.hash.slice(1) !== write(state)) restore();
});
restore();
