// SPDX-License-Identifier: GPL-3.0-or-later
// room.js - chooses a range in a circuit's picture: by drawing, by tapping its two ends, or by keys.
// The page works without it (a form and links say the same), and it asks for nothing but a page.
"use strict";
(() => {
  const STEPS = 96; // of the keys, over a picture
  const SHORTEST = 600;
  const help = document.getElementById("pick-help");
  const live = document.createElement("p");
  live.className = "hide";
  live.setAttribute("aria-live", "polite");

  function words(unix, zone) {
    const options = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
      hourCycle: "h23" };
    try {
      return new Intl.DateTimeFormat("sv-SE", { ...options, timeZone: zone }).format(unix * 1000);
    } catch {
      return `${new Date(unix * 1000).toISOString().slice(0, 16).replace("T", " ")} UTC`;
    }
  }

  function go(a, b) {
    const at = (unix) => new Date(unix * 1000).toISOString().replace(".000Z", "Z");
    const [from, to] = a < b ? [a, b] : [b, a];
    location.assign(`${location.pathname}?range=${at(from)}..${at(to)}#graphs`);
  }

  function pick(plot) {
    const from = Number(plot.dataset.from);
    const to = Number(plot.dataset.to);
    const left = plot.dataset.left / 10000;
    const right = plot.dataset.right / 10000;
    const zone = plot.dataset.zone;
    const field = document.createElement("button");
    const band = document.createElement("span");
    const tip = document.createElement("span");
    let at = null; // where the mark is
    let start = null; // the first end
    let down = null; // where a pointer went down

    field.type = "button";
    field.className = "pick";
    field.setAttribute("aria-label", `Choose a range in the picture: ${plot.querySelector("img").alt}`);
    field.setAttribute("aria-describedby", "pick-help");
    field.style.left = `${left * 100}%`; // by script, which the policy lets be
    field.style.width = `${(right - left) * 100}%`;
    band.className = "band";
    tip.className = "tip";
    field.append(band, tip);
    plot.append(field);

    // A picture that is wider than its place is moved by a finger, and tapped.
    const fits = () => plot.parentElement.scrollWidth <= plot.parentElement.clientWidth;
    const touch = () => field.style.setProperty("touch-action", fits() ? "pan-y" : "auto");
    addEventListener("resize", touch);
    touch();

    const whole = (unix) => Math.min(to, Math.max(from, Math.round(unix / 60) * 60));
    const share = (unix) => (unix - from) / (to - from) * 100;
    const under = (event) => {
      const box = field.getBoundingClientRect();
      return whole(from + (event.clientX - box.left) / box.width * (to - from));
    };

    function show() {
      band.hidden = tip.hidden = at === null;
      if (at === null) {
        return;
      }
      const other = start === null ? at : start;
      band.style.left = `${share(Math.min(at, other))}%`;
      band.style.width = `${share(Math.max(at, other)) - share(Math.min(at, other))}%`;
      tip.textContent = start === null ? words(at, zone)
        : `${words(Math.min(at, other), zone)} to ${words(Math.max(at, other), zone)}`;
      tip.classList.toggle("end", share(at) > 50);
    }

    function say(text) {
      live.textContent = text;
    }

    function set() {
      if (start === null) {
        start = at;
        say(`From ${words(at, zone)}. Choose the other end.`);
      } else if (Math.abs(at - start) >= SHORTEST) {
        say(`${words(Math.min(at, start), zone)} to ${words(Math.max(at, start), zone)}, loading`);
        go(start, at);
      } else {
        say("At least ten minutes lie between the two ends.");
      }
      show();
    }

    function stop() {
      at = start = down = null;
      show();
    }

    field.addEventListener("keydown", (event) => {
      const step = (to - from) / STEPS * (event.shiftKey ? 8 : 1);
      const base = at === null ? (from + to) / 2 : at;
      const moved = { ArrowLeft: base - step, ArrowRight: base + step, Home: from, End: to }[event.key];
      if (moved !== undefined) {
        event.preventDefault();
        at = whole(moved);
        show();
        say(words(at, zone));
      } else if (event.key === "Escape") {
        stop();
        say("No range is chosen.");
      } else if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        at = at === null ? whole(base) : at;
        set();
      }
    });
    field.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || (event.pointerType === "touch" && !fits())) {
        return;
      }
      down = under(event);
      field.setPointerCapture(event.pointerId);
    });
    field.addEventListener("pointermove", (event) => {
      at = under(event);
      if (down !== null && start === null && Math.abs(share(at) - share(down)) > 0.8) {
        start = down;
      }
      show();
    });
    field.addEventListener("pointerup", (event) => {
      const drawn = down !== null && start === down && Math.abs(share(under(event)) - share(down)) > 0.8;
      down = null;
      if (drawn) {
        at = under(event);
        field.dataset.drawn = "yes"; // the click that follows is no tap
        set();
      }
    });
    field.addEventListener("pointercancel", stop);
    field.addEventListener("pointerleave", () => {
      if (start === null) {
        stop();
      }
    });
    field.addEventListener("click", (event) => {
      if (event.detail === 0) {
        return; // by keys: keydown did it
      }
      if (field.dataset.drawn) {
        delete field.dataset.drawn;
        return;
      }
      at = under(event);
      set();
    });
    field.addEventListener("blur", () => {
      if (start === null) {
        stop();
      }
    });
    show();
  }

  const plots = document.querySelectorAll(".plot[data-from]");
  if (plots.length > 0 && help) {
    help.hidden = false;
    document.body.append(live);
    plots.forEach(pick);
  }
})();
