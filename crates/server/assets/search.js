// The keyboard of the search page. Single keys do nothing while somebody types, with Ctrl, Alt or Meta, or when they
// were turned off (WCAG 2.1.4).

const OFF = "veritrail-keys-off";
const rows = document.getElementById("rows");
const box = document.getElementById("q");
const help = document.getElementById("keys");
const button = document.getElementById("show-keys");
const toggle = document.getElementById("single-keys");

const off = () => {
  try {
    return localStorage.getItem(OFF) === "1";
  } catch {
    return false;
  }
};

function current() {
  return rows?.querySelector('tr[aria-current="true"]');
}

/** Makes a row the current one: marked, focused on its link, in sight. */
function choose(row) {
  current()?.removeAttribute("aria-current");
  if (!row) return;
  row.setAttribute("aria-current", "true");
  row.querySelector("a.open").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = [...(rows?.rows ?? [])];
  if (all.length === 0) return;
  const at = all.indexOf(current());
  choose(at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[Math.max(0, Math.min(all.length - 1, at + by))]);
}

function leave() {
  const row = current();
  if (document.activeElement === box) {
    box.blur();
  } else if (row) {
    choose(null);
    document.activeElement?.blur();
  }
}

const keys = {
  j: () => step(1),
  k: () => step(-1),
  o: () => current()?.querySelector("a.open").click(),
  n: () => document.querySelector('a[rel="next"]')?.click(),
  "?": () => help?.showModal(),
};

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (help?.open) return;
  if (event.key === "Escape") {
    if (!document.querySelector("details.menu[open]")) leave();
    return;
  }
  if (off() || event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  const act = keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

// What is pointed at or reached with Tab is the current row, too.
rows?.addEventListener("focusin", (event) => {
  const row = event.target.closest("tr");
  if (row === current()) return;
  current()?.removeAttribute("aria-current");
  row?.setAttribute("aria-current", "true");
});

// A click beside the links of a row opens its event, unless text was selected.
rows?.addEventListener("click", (event) => {
  if (event.target.closest("a, button") || !getSelection().isCollapsed) return;
  event.target.closest("tr")?.querySelector("a.open").click();
});

if (button && help) {
  button.hidden = false;
  button.addEventListener("click", () => help.showModal());
  toggle.checked = !off();
  toggle.addEventListener("change", () => {
    try {
      if (toggle.checked) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "1");
    } catch {
      // A browser that keeps nothing keeps the keys on.
    }
  });
}

// The times, fields and presets close like menus do.
const sheets = () => document.querySelectorAll("details.range[open], details.language[open]");
addEventListener("click", (event) => {
  for (const sheet of sheets()) if (!sheet.contains(event.target)) sheet.open = false;
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const sheet of sheets()) {
    sheet.open = false;
    sheet.querySelector("summary").focus();
  }
});

// Bars: one stop of the Tab key, arrows between them.
for (const group of document.querySelectorAll(".histogram .bars, .histogram .marks")) {
  const links = [...group.querySelectorAll("a")];
  links.forEach((link, at) => at > 0 && link.setAttribute("tabindex", "-1"));
  group.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const to = by && links[links.indexOf(document.activeElement) + by];
    if (!to) return;
    event.preventDefault();
    for (const link of links) link.setAttribute("tabindex", link === to ? "0" : "-1");
    to.focus();
  });
}
