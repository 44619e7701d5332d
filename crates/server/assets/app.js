// What every page gains from a script; without it nothing is missing but comfort.

/** Shows each time in the viewer's own zone when it is pointed at, beside UTC. */
function tellZones(root) {
  const zone = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.valueOf())) time.title = `${time.dateTime} · ${zone.format(at)}`;
  }
}

/** Closes an open menu with Escape or a click elsewhere. */
function closeMenus() {
  const open = () => document.querySelectorAll("details.menu[open]");
  addEventListener("click", (event) => {
    for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of open()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });
}

/** Whether somebody turned off keys that act without Ctrl or Alt (the search page has the switch). */
function singleKeysAreOff() {
  try {
    return localStorage.getItem("veritrail-keys-off") === "1";
  } catch {
    return false;
  }
}

/** `/` goes to the search box. */
function listenForSlash() {
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
    if (event.key === "/" && singleKeysAreOff()) return;
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const box = document.querySelector('[data-key="/"]');
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  });
}

/** Buttons with `data-copy` put that text on the clipboard, and say so. */
function copyButtons() {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const source = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
      const text = source ? source.textContent : button.dataset.copy || location.href;
      await navigator.clipboard.writeText(text);
      const label = button.textContent;
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = label), 1500);
    });
  }
}

tellZones(document);
closeMenus();
listenForSlash();
copyButtons();

export { tellZones };
