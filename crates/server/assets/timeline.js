// Copies the page's timeline as Markdown. Without a script the link beside the button downloads the same text.

/** The clipboard takes a text that is still on its way only as an item, and some browsers only take that in time. */
async function copy(address) {
  const text = fetch(address, { credentials: "same-origin" }).then((answer) => {
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return answer.text();
  });
  if (typeof ClipboardItem === "function" && navigator.clipboard.write) {
    const blob = text.then((it) => new Blob([it], { type: "text/plain" }));
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
  } else {
    await navigator.clipboard.writeText(await text);
  }
}

for (const button of document.querySelectorAll("button[data-timeline]")) {
  // There is a clipboard only where the page came over a safe connection.
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    button.disabled = true;
    const done = await copy(button.dataset.timeline).then(() => true, () => false);
    button.disabled = false;
    button.textContent = done ? "Copied" : "Not copied: take the download";
    button.focus();
    setTimeout(() => (button.textContent = label), 2000);
  });
}
