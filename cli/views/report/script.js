(() => {
  "use strict";
  const root = document.documentElement;
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));

  root.classList.add("scripted");

  // Light and dark: as the system has it, until somebody chooses. The choice lives as long as the page.
  const systemDark = matchMedia("(prefers-color-scheme: dark)");
  const themeButton = document.querySelector(".theme");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : systemDark.matches);
  const nameTheme = () => {
    themeButton.textContent = isDark() ? "Light theme" : "Dark theme";
  };
  themeButton.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    nameTheme();
  });
  systemDark.addEventListener("change", nameTheme);
  nameTheme();

  // Sorting: rising, falling, then the order of the run again. What is unknown stays at the end.
  const NEXT = { none: "ascending", ascending: "descending", descending: "none" };
  const compared = (a, b, numeric) => (numeric ? Number(a) - Number(b) : a.localeCompare(b));
  for (const table of all("table.numbers")) {
    const body = table.tBodies[0];
    const original = Array.from(body.rows);
    const heads = all("th[aria-sort]", table);
    heads.forEach((head, column) => {
      head.querySelector("button").addEventListener("click", () => {
        const direction = NEXT[head.getAttribute("aria-sort")];
        for (const other of heads) other.setAttribute("aria-sort", other === head ? direction : "none");
        const numeric = head.dataset.kind === "number";
        const value = (row) => row.cells[column].dataset.sort;
        const sign = direction === "descending" ? -1 : 1;
        const known = original.filter((row) => value(row) !== undefined);
        const unknown = original.filter((row) => value(row) === undefined);
        known.sort((a, b) => sign * compared(value(a), value(b), numeric));
        body.append(...(direction === "none" ? original : [...known, ...unknown]));
      });
    });
  }

  // Long texts are clipped until asked for.
  const setOpen = (clip, open) => {
    clip.classList.toggle("open", open);
    const button = clip.querySelector(":scope > .more");
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? "Show less" : "Show all";
  };
  const measure = (clip) => {
    const inner = clip.querySelector(":scope > .clipped");
    const open = clip.classList.contains("open");
    clip.classList.toggle("fits", !open && inner.scrollHeight <= inner.clientHeight + 1);
  };
  const watcher = new ResizeObserver((entries) => entries.forEach((entry) => measure(entry.target.parentElement)));
  for (const clip of all(".clip")) {
    watcher.observe(clip.querySelector(":scope > .clipped"));
    clip.querySelector(":scope > .more").addEventListener("click", () => {
      const open = !clip.classList.contains("open");
      setOpen(clip, open);
      if (!open) clip.scrollIntoView({ block: "nearest" });
    });
    clip.addEventListener("focusin", (event) => {
      const byKeyboard = event.target.matches(":focus-visible:not(.more)");
      if (byKeyboard && !clip.classList.contains("fits")) setOpen(clip, true);
    });
  }

  // Copying: the answer as the model wrote it, and code as it stands there.
  const copy = async (button, text) => {
    const name = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Not allowed here";
    }
    setTimeout(() => (button.textContent = name), 1500);
  };
  for (const button of all(".copy")) {
    const source = button.closest(".text").querySelector(".source");
    button.addEventListener("click", () => copy(button, source.value));
  }
  for (const code of all(".prose pre")) {
    const coded = document.createElement("div");
    coded.className = "coded";
    code.replaceWith(coded);
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy-code";
    button.textContent = "Copy";
    button.setAttribute("aria-label", "Copy code");
    button.addEventListener("click", () => copy(button, code.textContent));
    coded.append(code, button);
  }

  for (const run of all(".run")) {
    const toggle = (selector, act) => {
      const button = run.querySelector(selector);
      if (!button) return;
      button.addEventListener("click", () => {
        const pressed = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(pressed));
        act(pressed);
      });
    };
    toggle(".all-reasoning", (open) => all(".answer details", run).forEach((details) => (details.open = open)));
    toggle(".all-answers", (open) => all(".answer .clip", run).forEach((clip) => setOpen(clip, open)));

    // In which order they stand: the pinned ones first, what is unknown last.
    const holder = run.querySelector(".columns");
    if (holder) {
      const asRun = all(":scope > .answer", holder);
      const order = run.querySelector(".order select");
      const arrange = () => {
        const by = order ? order.value : "";
        const value = (card) => (card.dataset[by] === undefined ? Infinity : Number(card.dataset[by]));
        const sorted = by ? [...asRun].sort((a, b) => value(a) - value(b) || 0) : [...asRun];
        const pinned = (card) => card.classList.contains("pinned");
        holder.append(...sorted.filter(pinned), ...sorted.filter((card) => !pinned(card)));
      };
      if (order) order.addEventListener("change", arrange);
      for (const button of all(".pin", holder)) {
        button.addEventListener("click", () => {
          const card = button.closest(".answer");
          const pinned = card.classList.toggle("pinned");
          button.setAttribute("aria-pressed", String(pinned));
          arrange();
          button.focus({ preventScroll: true });
        });
      }
    }

    // Which answers stand beside each other.
    const columns = run.querySelector(".columns");
    const show = (button, shown) => {
      button.setAttribute("aria-pressed", String(shown));
      document.getElementById(button.getAttribute("aria-controls")).hidden = !shown;
      columns.dataset.shown = String(all(".answer:not([hidden])", columns).length);
    };
    for (const button of all(".pick", run)) {
      button.addEventListener("click", () => show(button, button.getAttribute("aria-pressed") !== "true"));
      const name = button.getAttribute("aria-controls");
      run.querySelector(`.numbers a[href="#${name}"]`).addEventListener("click", () => show(button, true));
    }
  }
})();
