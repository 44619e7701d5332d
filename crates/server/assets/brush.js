// Choosing a stretch of time on the bars: by dragging, or with the arrow keys on either end. Without a script each bar is
// a link, and the form above takes any time.

/** Width of a bar with its gap, as the page draws them. */
const STEP = 10;

class Brush {
  constructor(figure) {
    this.svg = figure.querySelector("svg");
    this.begin = Date.parse(figure.dataset.begin);
    this.width = Number(figure.dataset.seconds) * 1000;
    this.buckets = Number(figure.dataset.buckets);
    this.from = 0;
    this.to = this.buckets;
    this.chosen = document.createElementNS(this.svg.namespaceURI, "rect");
    this.chosen.setAttribute("class", "chosen");
    this.chosen.setAttribute("height", "100");
    this.chosen.setAttribute("visibility", "hidden");
    this.svg.append(this.chosen);
    this.bar = document.createElement("div");
    this.bar.className = "brush row";
    this.bar.setAttribute("role", "group");
    this.bar.setAttribute("aria-label", "Choose a stretch of time");
    this.ends = [this.end("Beginning", "from"), this.end("End", "to")];
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "small";
    this.button.addEventListener("click", () => this.go());
    this.bar.append(...this.ends, this.button);
    figure.querySelector("figcaption").prepend(this.bar);
    this.drag();
    this.draw();
  }

  /** One end: a slider of whole bars. */
  end(label, side) {
    const end = document.createElement("span");
    end.className = "end";
    end.tabIndex = 0;
    end.setAttribute("role", "slider");
    end.setAttribute("aria-label", label);
    end.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -6, PageUp: 6, Home: -Infinity, End: Infinity };
      if (event.key === "Enter") return this.go();
      if (event.key === "Escape") return this.set(0, this.buckets);
      if (!(event.key in steps)) return;
      event.preventDefault();
      const step = steps[event.key];
      if (side === "from") this.set(Math.min(this.from + step, this.to - 1), this.to);
      else this.set(this.from, Math.max(this.to + step, this.from + 1));
    });
    return end;
  }

  set(from, to) {
    const within = (at) => Math.max(0, Math.min(this.buckets, at));
    [this.from, this.to] = [within(from), within(to)];
    this.draw();
  }

  /** A time as addresses carry it. */
  time(bucket) {
    return new Date(this.begin + bucket * this.width).toISOString().replace(".000Z", "Z");
  }

  draw() {
    const whole = this.from === 0 && this.to === this.buckets;
    this.chosen.setAttribute("x", this.from * STEP);
    this.chosen.setAttribute("width", (this.to - this.from) * STEP);
    this.chosen.setAttribute("visibility", whole ? "hidden" : "visible");
    const values = [[0, this.from, this.to - 1], [this.from + 1, this.to, this.buckets]];
    this.ends.forEach((end, index) => {
      const [least, now, most] = values[index];
      const said = this.time(now).replace("T", " ").replace(/(:00)?Z$/, "");
      end.setAttribute("aria-valuemin", least);
      end.setAttribute("aria-valuenow", now);
      end.setAttribute("aria-valuemax", most);
      end.setAttribute("aria-valuetext", `${said} UTC`);
      end.textContent = said;
    });
    this.button.textContent = "Show only this";
    this.button.hidden = whole;
  }

  bucket(event) {
    const box = this.svg.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * this.buckets;
  }

  drag() {
    let start = null;
    let moved = false;
    const stretch = (event) => {
      const [one, other] = [start, this.bucket(event)].sort((a, b) => a - b);
      this.set(Math.floor(one), Math.max(Math.ceil(other), Math.floor(one) + 1));
    };
    this.svg.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      [start, moved] = [this.bucket(event), false];
    });
    addEventListener("pointermove", (event) => {
      if (start === null) return;
      // Less than half a bar is a click that shook.
      if (!moved && Math.abs(this.bucket(event) - start) < 0.5) return;
      moved = true;
      event.preventDefault();
      stretch(event);
    });
    addEventListener("pointerup", () => {
      const chosen = start !== null && moved;
      start = null;
      if (chosen) this.go();
    });
    addEventListener("pointercancel", () => {
      if (start === null) return;
      start = null;
      this.set(0, this.buckets);
    });
    // A drag that ends on a bar is no click on it, and a bar is no link to drag away.
    this.svg.addEventListener("click", (event) => moved && event.preventDefault(), true);
    this.svg.addEventListener("dragstart", (event) => event.preventDefault());
  }

  go() {
    if (this.from === 0 && this.to === this.buckets) return;
    const here = new URL(location.href);
    for (const field of document.querySelectorAll("#pin-typed input[type=hidden]")) here.searchParams.set(field.name, field.value);
    here.searchParams.delete("below");
    here.searchParams.set("since", this.time(this.from));
    here.searchParams.set("until", this.time(this.to));
    location.assign(here);
  }
}

for (const figure of document.querySelectorAll("figure.over-time")) new Brush(figure);
