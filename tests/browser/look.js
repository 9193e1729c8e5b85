// SPDX-License-Identifier: GPL-3.0-or-later
// look.js - what is looked at within a page. Each function runs there, by its text alone, and gives
// sentences: what is wrong. Nothing in the page needs scripts for it.
"use strict";

// Text that sticks out of what holds it, is cut, or lies on other text; a page that is too wide.
function layout() {
    const wrong = [];
    const wide = document.documentElement.clientWidth;
    const say = (text) => wrong.length < 12 && wrong.push(text);
    const name = (e) => {
        const own = e.className && typeof e.className === "string" ? "." + e.className.split(" ").join(".") : "";
        return e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + own;
    };
    if (document.documentElement.scrollWidth > wide) {
        const far = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > wide + 0.5);
        say(`the page is ${document.documentElement.scrollWidth} wide, the window ${wide}: ` +
            far.slice(-3).map(name).join(", "));
    }
    const styles = new Map();
    const style = (e) => {
        if (!styles.has(e)) {
            styles.set(e, getComputedStyle(e));
        }
        return styles.get(e);
    };
    const shown = (e) => e.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    // For those who hear a page: of no size, or far outside until it has the focus.
    const heard = (e) => e.closest(".skip, .heard") !== null;
    const scrolls = (s) => /auto|scroll/.test(s.overflowX);
    const cuts = (s) => s.overflowX !== "visible" || s.overflowY !== "visible";
    const lines = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    for (let t = walker.nextNode(); t; t = walker.nextNode()) {
        const e = t.parentElement;
        if (!t.data.trim() || !shown(e) || heard(e) || e.closest("svg, option, noscript")) {
            continue;
        }
        range.selectNodeContents(t);
        const short = t.data.trim().replace(/\s+/g, " ").slice(0, 40);
        const rects = [...range.getClientRects()].filter((r) => r.width > 1 && r.height > 1);
        for (const r of rects) {
            let scroller = null; // whoever looks can bring it into view there
            for (let p = e; p && p !== document.documentElement; p = p.parentElement) {
                const s = style(p);
                if (s.display === "inline" || s.display === "contents") {
                    continue;
                }
                const box = p.getBoundingClientRect();
                if (scrolls(s)) {
                    scroller = p;
                    const right = box.left + p.scrollWidth - p.scrollLeft;
                    if (r.right > right + 1.5 || r.left < box.left - p.scrollLeft - 1.5) {
                        say(`"${short}" cannot be reached in ${name(p)}`);
                    }
                    break;
                }
                const out = r.right > box.right + 1.5 || r.left < box.left - 1.5;
                const under = r.bottom > box.bottom + 3.5 || r.top < box.top - 3.5;
                if (out || (cuts(s) && under)) {
                    say(`"${short}" ${cuts(s) ? "is cut by" : "sticks out of"} ${name(p)}`);
                    break;
                }
            }
            if (!scroller && (r.left < -1 || r.right > wide + 1)) {
                say(`"${short}" is outside of the window`);
            }
            lines.push({ r, scroller, short });
        }
    }
    lines.sort((a, b) => a.r.top - b.r.top);
    for (let i = 0; i < lines.length; i++) {
        const a = lines[i].r;
        for (let k = i + 1; k < lines.length && lines[k].r.top < a.bottom; k++) {
            const b = lines[k].r;
            const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const down = Math.min(a.bottom, b.bottom) - b.top;
            if (across > 2 && down > 0.45 * Math.min(a.height, b.height) &&
                lines[i].scroller === lines[k].scroller) {
                say(`"${lines[i].short}" and "${lines[k].short}" lie on each other`);
            }
        }
    }
    for (const e of document.querySelectorAll("input:not([type=hidden]), button, select, textarea, img, iframe, table")) {
        const r = e.getBoundingClientRect();
        let within = e.parentElement;
        while (within && !scrolls(style(within))) {
            within = within.parentElement;
        }
        if (shown(e) && !heard(e) && !within && (r.left < -1 || r.right > wide + 1)) {
            say(`${name(e)} is outside of the window`);
        }
    }
    return wrong;
}

// What a page says and where it leads, for a comparison: without what changes by itself (instants,
// how long ago, how much is free), and without [data-live], what a script adds.
// `live`: a selector of what else changes by itself.
function words(live) {
    const copy = document.body.cloneNode(true);
    for (const e of copy.querySelectorAll("time, script, noscript, style, [data-live]" + (live ? ", " + live : ""))) {
        e.remove();
    }
    const text = copy.textContent.replace(/\s+/g, " ").replace(/\d[\d.]* ?(s|min|h|days|[kMGT]?B|bytes)\b/g, "#").trim();
    const ways = [...copy.querySelectorAll("[href], [src], form")].map(
        (e) => e.getAttribute("href") || e.getAttribute("src") || `${e.method} ${e.getAttribute("action")}`);
    return [text, ...ways];
}

// Addresses that lead nowhere without a script.
function dead() {
    return [...document.querySelectorAll("a[href]")].filter((e) => {
        const to = e.getAttribute("href");
        const part = to.startsWith("#") && to.length > 1 && document.getElementById(decodeURIComponent(to.slice(1)));
        return to === "" || to.startsWith("javascript:") || (to.startsWith("#") && !part);
    }).map((e) => `the link "${e.textContent.trim().slice(0, 40)}" leads to ${e.getAttribute("href") || "nothing"}`);
}

// Whether names that are markup were taken for it, and whether those that turn the direction of
// writing turn anything else.
function hostile() {
    const wrong = [...document.querySelectorAll("[data-ran]")].map((e) => `a name became ${e.tagName}`);
    if (window.ran !== undefined) {
        wrong.push("a name was run");
    }
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let t = walker.nextNode(); t; t = walker.nextNode()) {
        if (!/[\u0590-\u08ff\u202a-\u202e]/.test(t.data)) {
            continue;
        }
        let e = t.parentElement;
        const alone = (x) => x.textContent.trim() === t.data.trim();
        while (e.parentElement && getComputedStyle(e).unicodeBidi === "normal" && alone(e)) {
            e = e.parentElement;
        }
        if (getComputedStyle(e).unicodeBidi === "normal" || !alone(e)) {
            wrong.push(`"${t.data.trim().slice(0, 30)}" turns the text around it (${e.tagName})`);
        }
    }
    return [...new Set(wrong)];
}

// All that Tab has to reach, in the order of the page; kept for stop().
function stops() {
    const all = document.querySelectorAll(
        "a[href], button, input, select, textarea, summary, iframe, [tabindex]");
    const groups = new Set();
    window.bwStops = [...all].filter((e) => {
        if (e.disabled || e.type === "hidden" || e.tabIndex < 0 || e.closest("[inert]") ||
            !e.checkVisibility({ visibilityProperty: true }) ||
            (e.tagName === "SUMMARY" && e.parentElement.tagName !== "DETAILS")) {
            return false;
        }
        if (e.type !== "radio") {
            return true;
        }
        const group = `${e.form ? e.form.action : ""} ${e.name}`;
        const checked = document.querySelector(`input[type=radio][name="${CSS.escape(e.name)}"]:checked`);
        const first = !groups.has(group) && (!checked || checked === e);
        if (first) {
            groups.add(group);
        }
        return first;
    });
    const before = document.createElement("button"); // where Tab begins
    document.body.prepend(before);
    before.focus();
    before.remove();
    window.scrollTo(0, 0);
    return {
        n: window.bwStops.length,
        early: window.bwStops.filter((e) => e.tabIndex > 0).map((e) => e.outerHTML.slice(0, 80)),
        frames: window.bwStops.some((e) => e.tagName === "IFRAME"),
        head: document.querySelector("header a, nav a") !== null,
    };
}

// Where the focus is: its number in stops(), and what is wrong with how it looks.
function stop() {
    const e = document.activeElement;
    const at = window.bwStops.indexOf(e);
    const wrong = [];
    if (at < 0) {
        const s = e && getComputedStyle(e);
        const scroller = s && e !== document.body && /auto|scroll/.test(s.overflowX + s.overflowY);
        return { at: scroller ? -2 : -1, within: false, wrong };
    }
    const s = getComputedStyle(e);
    const text = `${e.tagName.toLowerCase()} "${(e.textContent || e.name || "").trim().slice(0, 30)}"`;
    const ring = s.outlineStyle === "auto" || (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2);
    if (!ring && e.tagName !== "IFRAME") {
        wrong.push(`the focus is not seen on ${text}`);
    }
    const range = document.createRange();
    range.selectNodeContents(e);
    const r = [...e.getClientRects(), ...range.getClientRects()].find((x) => x.width > 0 && x.height > 0 &&
        x.bottom > 0 && x.top < innerHeight && x.right > 0 && x.left < innerWidth);
    if (!r) {
        wrong.push(`${text} has the focus and is not in the window`);
        return { at, within: false, wrong };
    }
    const x = (Math.max(r.left, 0) + Math.min(r.right, innerWidth)) / 2;
    const y = (Math.max(r.top, 0) + Math.min(r.bottom, innerHeight)) / 2;
    const top = document.elementFromPoint(x, y);
    if (top && !e.contains(top) && !top.contains(e)) {
        wrong.push(`${text} has the focus and lies under ${top.tagName.toLowerCase()}`);
    }
    return { at, within: e.tagName === "IFRAME", wrong };
}

// The number of the first stop in or behind what the skip link leads to; -1: it is none.
function skipped() {
    const to = window.bwStops[0].getAttribute("href") || "";
    const target = to.startsWith("#") ? document.getElementById(to.slice(1)) : null;
    if (!target) {
        return -1;
    }
    const after = window.bwStops.findIndex((e) => target.contains(e) ||
        target.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING);
    return after < 0 ? window.bwStops.length : after;
}

// Every picture, also those further down.
async function pictures() {
    for (const i of document.images) {
        i.loading = "eager";
    }
    await Promise.all([...document.images].map((i) => i.decode().catch(() => 0)));
    return [...document.images].filter((i) => i.naturalWidth === 0).map((i) => `${i.currentSrc} is no picture`);
}

async function axe(tags) {
    const found = await window.axe.run(document, {
        runOnly: { type: "tag", values: tags }, resultTypes: ["violations"],
        iframes: false }); // what is in a frame has a row of its own
    return found.violations.map((v) => `${v.id}: ${v.help} at ` +
        v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(" | "));
}

module.exports = { axe, dead, hostile, layout, pictures, skipped, stop, stops, words };
