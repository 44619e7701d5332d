/**
 * The proof box on the page of one event: reads what is to be verified, has it verified, and tells each step as it is done.
 */

import { Fault } from "./fault.js";
import { verifyEvent } from "./proof.js";
import { readerOf } from "./reading.js";
import { besideIn, shownIn } from "./shown.js";
import { TLOG_PROOF_BYTES_MAX } from "./tlog_proof.js";

/** An event with its stored texts: two parts, once as they are and once merged. */
const EVENT_BYTES_MAX = 4 * 1024 * 1024;
const VKEY_BYTES_MAX = 4096;

const SIGNS = { ok: ["✓", "Holds: "], failed: ["✕", "Does not hold: "], unchecked: ["–", "Not checked: "] };
const VERDICTS = {
  verified: ["good", "✓ Verified: the log holds this event, with the values that were compared."],
  incomplete: ["warn", "– Not verified: what was checked holds, but not everything could be checked."],
};

const box = document.getElementById("proof");
const button = document.getElementById("proof-verify");
const part = (name) => document.getElementById(`proof-${name}`);

function element(name, text, className = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = className;
  return made;
}

function tellStep({ title, state, text }) {
  const [sign, words] = SIGNS[state];
  const mark = element("span", sign);
  mark.setAttribute("aria-hidden", "true");
  const said = document.createElement("div");
  said.append(element("span", words, "hidden"), element("strong", title), element("p", text));
  const item = element("li", "", state);
  item.append(mark, said);
  part("steps").append(item);
}

/** Everything that is verified, as the server gives it; the proof last, so that the checkpoint can't be older. */
async function read() {
  const { id, log, source } = box.dataset;
  const get = readerOf(window.fetch.bind(window), "/v1/");
  const text = async (path, bytesMax) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await get(path, bytesMax));
  const chosen = source ? `source=${encodeURIComponent(source)}` : "";
  const path = `events/${encodeURIComponent(id)}`;
  const event = JSON.parse(await text(`${path}?include=entry&${chosen}`.replace(/&$/, ""), EVENT_BYTES_MAX));
  const { entry, person, details, withheld } = event;
  const vkey = await text(`logs/${log}/vkey`, VKEY_BYTES_MAX);
  const tlogProof = await text(`${path}/proof${chosen ? `?${chosen}` : ""}`, TLOG_PROOF_BYTES_MAX);
  const article = document.querySelector("article.event");
  return { id, log, entry, person, details, withheld, vkey, tlogProof, shown: shownIn(article), beside: besideIn(article) };
}

/** Storage may be refused altogether; then nothing is remembered. */
function storage() {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

function tellFailure(sentence) {
  box.className = "card proof bad";
  part("verdict").textContent = "";
  const alarm = part("alarm");
  alarm.replaceChildren(element("p", "✕ Not verified: something does not agree.", "verdict"), element("p", sentence));
}

async function verify() {
  button.disabled = true;
  box.className = "card proof";
  part("steps").replaceChildren();
  part("alarm").replaceChildren();
  part("rests").textContent = "";
  part("verdict").className = "";
  part("verdict").textContent = "Reading the event, its proof, the checkpoint and the tiles …";
  try {
    const given = await read();
    const get = readerOf(window.fetch.bind(window), `/v1/logs/${given.log}/`);
    const now = `${new Date().toISOString().slice(0, 16).replace("T", " ")} UTC`;
    const tools = { subtle: window.crypto?.subtle, get, storage: storage(), now, onStep: tellStep };
    const { verdict, steps, restsOn } = await verifyEvent(given, tools);
    part("rests").textContent = restsOn;
    if (verdict === "failed") {
      const { title, text } = steps.find(({ state }) => state === "failed");
      tellFailure(`“${title}” does not hold. ${text}`);
    } else {
      const [look, sentence] = VERDICTS[verdict];
      box.className = `card proof ${look}`;
      part("verdict").className = "verdict";
      part("verdict").textContent = sentence;
    }
  } catch (error) {
    if (error instanceof Fault) {
      tellFailure(error.message);
    } else {
      box.className = "card proof warn";
      part("verdict").className = "verdict";
      part("verdict").textContent = `– Not verified: nothing was decided. ${error.message}`;
    }
  }
  box.dataset.done = "yes";
  button.disabled = false;
  button.textContent = "Verify again";
}

if (button) {
  button.hidden = false;
  button.addEventListener("click", verify);
}
