// While a log is being verified: tells how far it is, and shows the result. Without it there is a link to reload.

const PAUSE = 1000;

async function follow(box) {
  const progress = box.querySelector("progress");
  const told = box.querySelector("[data-progress]");
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    const answer = await fetch(`/v1/logs/${box.dataset.running}/verify`);
    if (!answer.ok) return;
    const known = await answer.json();
    if (known.state !== "running") {
      location.reload();
      return;
    }
    progress.max = Math.max(known.size, 1);
    progress.value = known.done;
    told.textContent = `${Math.floor((known.done * 100) / Math.max(known.size, 1))} % of ${known.size} entries`;
  }
}

for (const box of document.querySelectorAll("[data-running]")) follow(box).catch(() => {});
