// Completion of the query box: names of fields, then their values (ARIA combobox with a list box). The names come from
// GET /v1/fields once, values as they are asked for; what is shown is text, never markup.

const WAIT_MS = 180;
const SHOWN_MAX = 10;
const SEVERITIES = ["info", "notice", "warning", "critical"];

const box = document.getElementById("q");
const list = document.createElement("ul");
list.id = "completions";
list.setAttribute("role", "listbox");
list.setAttribute("aria-label", "Completions");
list.hidden = true;

let names = null;
let options = [];
let active = -1;
let timer = 0;
let asked = 0;

async function ask(path) {
  const tenant = document.body.dataset.tenant;
  const answer = await fetch(path, { headers: { "veritrail-tenant": tenant }, credentials: "same-origin" });
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

/** The word at the caret: where it begins and ends, its field and what is typed of the value. */
function wordAt(text, caret) {
  let start = 0;
  let quoted = false;
  for (let at = 0; at < caret; at += 1) {
    const sign = text[at];
    if (quoted && sign === "\\") at += 1;
    else if (sign === '"') quoted = !quoted;
    else if (!quoted && /[\s(]/.test(sign)) start = at + 1;
  }
  let word = text.slice(start, caret);
  const minus = word.startsWith("-") ? 1 : 0;
  start += minus;
  word = word.slice(minus);
  const colon = /^[A-Za-z_][\w.-]*:/.exec(word)?.[0].length ?? 0;
  const rest = word.slice(colon).replace(/^"/, "").replace(/\\(.)/g, "$1");
  const behind = /^[^\s()]*/.exec(text.slice(caret))[0];
  return { start, end: caret + (quoted ? 0 : behind.length), field: word.slice(0, Math.max(0, colon - 1)), typed: rest, colon };
}

/** A value as the query language takes it. */
function quote(value) {
  const plain = value !== "" && !/[\s()"*\\]/.test(value) && !/^[-<>]/.test(value) && !value.includes("..");
  return plain ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
}

function known(name) {
  const lower = name.toLowerCase();
  return [...names.fields, ...names.shorthands].find((it) => it.name === lower || it.aliases.includes(lower));
}

function fieldOptions(typed) {
  const lower = typed.toLowerCase();
  const all = [...names.fields, ...names.shorthands].filter((it) => !it.name.includes("<"));
  const begins = (it) => it.name.startsWith(lower) || it.aliases.some((alias) => alias.startsWith(lower));
  const rank = (it) => (it.name.startsWith(lower) ? 0 : 1);
  return all
    .filter(begins)
    .sort((one, other) => rank(one) - rank(other))
    .map((it) => ({ text: `${it.name}:`, beside: it.description, insert: `${it.name}:`, goesOn: true }));
}

async function valueOptions(field, typed) {
  const lower = typed.toLowerCase();
  const words = { severity: SEVERITIES, has: names.fields.map((it) => it.name).filter((name) => !name.includes("<")) }[field.toLowerCase()];
  if (words) return words.filter((word) => word.startsWith(lower)).map((word) => ({ text: word, beside: "", insert: `${field}:${word}` }));
  const it = known(field);
  const countable = it?.countable ?? /^(actor|user|resource|metadata\..+|changes\..+)$/i.test(field);
  if (!countable || /[*<>]/.test(typed)) return [];
  const query = new URLSearchParams({ field, prefix: typed, limit: String(SHOWN_MAX) });
  const found = await ask(`/v1/fields?${query}`);
  const whole = found.field;
  return found.values.map(({ value, count }) => ({
    text: value,
    beside: count > 0 ? count.toLocaleString("en") : "",
    insert: `${it ? field : whole}:${quote(value)}`,
  }));
}

function close() {
  options = [];
  active = -1;
  list.hidden = true;
  list.replaceChildren();
  box.setAttribute("aria-expanded", "false");
  box.removeAttribute("aria-activedescendant");
}

function show(found) {
  options = found.slice(0, SHOWN_MAX);
  active = -1;
  box.removeAttribute("aria-activedescendant");
  if (options.length === 0) return close();
  list.replaceChildren(
    ...options.map((option, at) => {
      const item = document.createElement("li");
      item.id = `completion-${at}`;
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      const text = document.createElement("code");
      text.textContent = option.text;
      const beside = document.createElement("span");
      beside.textContent = option.beside;
      item.append(text, " ", beside);
      item.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        take(at);
      });
      return item;
    }),
  );
  list.hidden = false;
  box.setAttribute("aria-expanded", "true");
}

function mark(at) {
  active = (at + options.length) % options.length;
  [...list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === active)));
  list.children[active].scrollIntoView({ block: "nearest" });
  box.setAttribute("aria-activedescendant", `completion-${active}`);
}

/** Puts an option in place of the word. */
function take(at) {
  const option = options[at];
  const word = wordAt(box.value, box.selectionStart);
  const end = option.goesOn ? "" : " ";
  const rest = box.value.slice(word.end).replace(/^"?\s*/, "");
  const before = box.value.slice(0, word.start) + option.insert + end;
  box.value = before + rest;
  box.setSelectionRange(before.length, before.length);
  close();
  if (option.goesOn) look();
}

async function look() {
  const turn = (asked += 1);
  try {
    names ??= await ask("/v1/fields");
    const word = wordAt(box.value, box.selectionStart);
    const found = word.colon > 0 ? await valueOptions(word.field, word.typed) : word.typed ? fieldOptions(word.typed) : [];
    // Only the newest question is answered.
    if (turn === asked && document.activeElement === box) show(found);
  } catch {
    if (turn === asked) close();
  }
}

function later() {
  clearTimeout(timer);
  asked += 1;
  // What was offered for less stays only as far as it fits what is typed now.
  if (!list.hidden) {
    const { typed } = wordAt(box.value, box.selectionStart);
    show(typed ? options.filter((option) => option.text.toLowerCase().startsWith(typed.toLowerCase())) : []);
  }
  timer = setTimeout(look, WAIT_MS);
}

function onKey(event) {
  if (event.isComposing) return;
  if (list.hidden) {
    if (event.key === "ArrowDown" && !event.altKey) {
      event.preventDefault();
      look();
    }
    return;
  }
  const acts = {
    ArrowDown: () => mark(active + 1),
    ArrowUp: () => mark(active < 0 ? options.length - 1 : active - 1),
    Escape: () => {
      asked += 1;
      close();
    },
    Enter: () => (active < 0 ? null : take(active)),
    Tab: () => (active < 0 ? null : take(active)),
  };
  const act = acts[event.key];
  if (!act || (active < 0 && (event.key === "Enter" || event.key === "Tab"))) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}

if (box) {
  box.parentElement.append(list);
  box.setAttribute("role", "combobox");
  box.setAttribute("aria-expanded", "false");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-autocomplete", "list");
  box.addEventListener("input", later);
  box.addEventListener("keydown", onKey);
  box.addEventListener("blur", () => {
    clearTimeout(timer);
    asked += 1;
    close();
  });
}
