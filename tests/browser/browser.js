// SPDX-License-Identifier: GPL-3.0-or-later
// browser.js WORLD.json [--shots DIR] [--only WORD] - looks at every page of a table in Chromium: at
// two widths, light and dark, without scripts, by keyboard alone, with axe-core; what it asks for,
// what it weighs, what its console says. Prints what is wrong; exit status 1 when anything is.
//
// WORLD.json: {"base": address of the server, "table": "pages.js", "sessions": {role: its cookie},
// "addresses": [patterns of all its pages], … what the table needs}, or {"pages": [rows]}. A row:
// {name, at, roles, hidden, has, steps}, and where it is not as pages are: status, once (its address is
// good once), after (what its steps may ask for that is refused: a pattern), csp (what its policy may
// have besides; false: none), kb (what it may weigh), live (what changes by itself: a selector), shot
// (false: no picture), keys (false: none is pressed), light (it has no dark side), sandbox (it may run
// nothing: axe-core cannot either), finds (it has these faults, which have to be found).
"use strict";

const fs = require("fs");
const path = require("path");
const zlib = require("zlib");
const { chromium } = require("playwright-core");
const look = require("./look.js");

const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 320, height: 800 };
const AT_ONCE = 3;
const STOPS_MAX = 400;
const VISIT_MS = 240000;
const PAGE_KB = 100;
const GRAPH_KB = 40;
const SHOT_HIGH = 2000;
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"];
const AXE = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
// The first takes a third of the time of the others.
const PROGRAMS = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];

class Visit {
    constructor(world, row, role, way) {
        this.world = world;
        this.row = row;
        this.role = role;
        this.way = way; // "whole", "brief", "hidden"
        this.faults = [];
        this.times = "";
    }

    // What is wrong; of a page that has to be faulty, what was not found.
    all() {
        return (this.row.finds || []).filter((text) => !this.faults.some((f) => f.includes(text)))
            .map((text) => `${this.row.name}: "${text}" was not found`).concat(this.row.finds ? [] : this.faults);
    }

    // What is done now, for whoever waits.
    at(doing) {
        const now = Date.now();
        this.times += this.doing ? ` ${this.doing} ${now - this.since}` : "";
        this.doing = doing;
        this.since = now;
        this.begun = this.begun || now;
        this.ms = now - this.begun;
    }

    wrong(where, what) {
        for (const text of [].concat(what)) {
            this.faults.push(`${this.row.name} (${this.role}${where ? ", " + where : ""}): ${text}`);
        }
    }

    // The cookie of somebody who has signed in.
    state() {
        const value = (this.world.sessions || {})[this.role];
        return value ? { origins: [], cookies: [{
            name: "bw-local", value, domain: new URL(this.world.base).hostname, path: "/", expires: -1,
            httpOnly: true, secure: false, sameSite: "Lax" }] } : undefined;
    }

    // A page of its own, which tells what it asks for and what is wrong with that.
    async page(browser, options) {
        const context = await browser.newContext({ reducedMotion: "reduce", storageState: this.state(), ...options });
        const page = await context.newPage();
        page.setDefaultTimeout(60000);
        this.answers = [];
        const url = new URL(this.row.at, this.world.base);
        page.on("console", (m) => /error|warning/.test(m.type()) && !this.meant(m) &&
            this.wrong("", `console: ${m.text()} ${m.location().url}`));
        page.on("pageerror", (e) => this.wrong("", `a script fails: ${e.message}`));
        page.on("dialog", (d) => {
            this.wrong("", `a dialog: ${d.message()}`);
            d.dismiss();
        });
        page.on("request", (r) => {
            const to = new URL(r.url());
            if (!["data:", "blob:"].includes(to.protocol) && (to.origin !== url.origin || to.protocol !== url.protocol)) {
                this.wrong("", `it asks ${to.origin}`);
            }
        });
        page.on("requestfailed", (r) => this.wrong("", `${r.url()}: ${r.failure().errorText}`));
        page.on("response", (r) => {
            this.answers.push(r);
            const want = r.request().isNavigationRequest() && r.frame() === page.mainFrame() ? this.row.status || 200 : 200;
            if (this.row.after && r.request().method() === "POST" && this.row.after.test(r.url())) {
                return;
            }
            if (r.status() !== want && r.status() !== 304 && !(want === 200 && r.status() >= 300 && r.status() < 400)) {
                this.wrong("", `${r.url()} answers ${r.status()}`);
            }
        });
        const answer = await page.goto(url.href, { waitUntil: "load" });
        return { context, page, answer };
    }

    // The console tells of a page that is meant to be none.
    meant(message) {
        return ((this.row.status || 200) >= 400 || this.row.after) && /Failed to load resource/.test(message.text()) &&
            new URL(message.location().url).pathname === new URL(this.row.at, this.world.base).pathname;
    }

    async run() {
        return { whole: () => this.whole(), brief: () => this.brief(), hidden: () => this.hidden() }[this.way]();
    }

    // Of a role to whom it is like what is not there.
    async hidden() {
        this.at("ask");
        const context = await this.world.browser.newContext({ storageState: this.state() });
        const answers = await Promise.all([this.row.at, this.row.at.replace(/[^/]+$/, "zzz-9999")].map(
            (at) => context.request.get(new URL(at, this.world.base).href, { maxRedirects: 0 })));
        const [one, other] = await Promise.all(answers.map((a) => a.text()));
        if (answers.some((a) => a.status() !== 404)) {
            this.wrong("", `it answers ${answers.map((a) => a.status())}`);
        }
        if (one.replace(/\d/g, "") !== other.replace(/\d/g, "")) {
            this.wrong("", "it is told apart from what is not there");
        }
        await context.close();
        this.at("");
    }

    // Of a role that sees nearly what the first sees, which was looked at in all ways.
    async brief() {
        this.at("load");
        const { context, page, answer } = await this.page(this.world.browser, { viewport: NARROW, colorScheme: "dark" });
        this.policy(answer);
        this.at("look");
        this.wrong("", await page.evaluate(look.dead));
        this.wrong("", await page.evaluate(look.hostile));
        this.wrong("320", await page.evaluate(look.layout));
        this.at("axe");
        await this.axe(page, "320", TAGS);
        await context.close();
        this.at("");
    }

    async whole() {
        this.at("load");
        const { context, page, answer } = await this.page(this.world.browser, { viewport: WIDE, colorScheme: "light" });
        this.policy(answer);
        this.at("pictures");
        this.wrong("", await page.evaluate(look.pictures));
        this.at("weigh");
        await this.weigh();
        this.at("words");
        const words = await page.evaluate(look.words, this.row.live);
        await this.says(page);
        this.wrong("", await page.evaluate(look.dead));
        this.wrong("", await page.evaluate(look.hostile));
        if (this.row.steps) {
            this.at("steps");
            await this.row.steps(page, this);
        }
        this.at("layout");
        this.wrong("1440", await page.evaluate(look.layout));
        this.at("axe");
        await this.axe(page, "1440 light", TAGS);
        await this.shot(page, this.row.light ? "1440" : "1440-light");
        this.at("keys");
        await this.keys(page, "1440");
        if (!this.row.light) {
            await page.emulateMedia({ colorScheme: "dark" });
        }
        this.at("narrow");
        await page.setViewportSize(NARROW);
        await this.shot(page, this.row.light ? "320" : "320-dark");
        await this.axe(page, "320", TAGS);
        this.at("narrow keys");
        await this.keys(page, "320");
        await context.close();
        if (!this.row.once) {
            await this.without(words);
        }
        this.at("");
    }

    // Loaded anew on a telephone that runs no scripts.
    async without(words) {
        this.at("without");
        const { context, page } = await this.page(this.world.browser, {
            viewport: NARROW, colorScheme: "light", javaScriptEnabled: false });
        this.wrong("320", await page.evaluate(look.layout));
        let missing = differ(words, await page.evaluate(look.words, this.row.live));
        if (missing.length > 0) { // its figures may have changed meanwhile
            const again = await this.page(this.world.browser, { viewport: NARROW, colorScheme: "light" });
            await page.reload();
            missing = differ(await again.page.evaluate(look.words, this.row.live),
                await page.evaluate(look.words, this.row.live));
            await again.context.close();
        }
        this.wrong("without scripts", missing.slice(0, 4).map((w) => `${w} is not there`));
        await context.close();
    }

    policy(answer) {
        if (this.row.csp === false || !answer.url().startsWith("http")) {
            return;
        }
        const said = answer.headers()["content-security-policy"] || "";
        if (!said.includes("default-src 'none'")) {
            this.wrong("", `its policy is "${said}"`);
        }
        if (/unsafe|\*|http/.test(said.replace(this.row.csp || /^$/, ""))) {
            this.wrong("", `its policy lets in too much: "${said}"`);
        }
    }

    async says(page) {
        const text = await page.evaluate(() => document.body.textContent.replace(/\s+/g, " "));
        for (const want of this.row.has || []) {
            const there = want.startsWith("css:") ? await page.locator(want.slice(4)).count() > 0
                : text.includes(want.replace(/\s+/g, " "));
            if (!there) {
                this.wrong("", `${want} is not there`);
            }
        }
    }

    // As it came: nothing is packed by the collector itself. Pictures are packed by whoever stands before it.
    async weigh() {
        let bytes = 0;
        for (const answer of this.answers) {
            const kind = answer.request().resourceType();
            const type = answer.headers()["content-type"] || "";
            if (["document", "stylesheet", "script"].includes(kind) && answer.frame().parentFrame() === null) {
                bytes += (await answer.request().sizes()).responseBodySize;
            } else if (type.startsWith("image/svg") && answer.url().startsWith("http")) {
                const packed = zlib.gzipSync(await answer.body()).length;
                this.world.heaviest.graph = Math.max(this.world.heaviest.graph, packed);
                if (packed > GRAPH_KB * 1000) {
                    this.wrong("", `${answer.url()} has ${packed} bytes, packed`);
                }
            }
        }
        const most = this.row.kb || PAGE_KB;
        this.bytes = bytes;
        if (bytes > most * 1000) {
            this.wrong("", `HTML, CSS and JavaScript have ${bytes} bytes`);
        }
    }

    // Not in a page that may run nothing, not even timers.
    async axe(page, where, tags) {
        if (this.row.sandbox) {
            return;
        }
        if (!await page.evaluate(() => "axe" in window)) {
            await page.evaluate(AXE);
        }
        this.wrong(where, await page.evaluate(look.axe, tags));
    }

    // By Tab alone, from the top to the end.
    async keys(page, where) {
        if (this.row.keys === false) {
            return;
        }
        const { n, early, frames, head } = await page.evaluate(look.stops);
        this.wrong(where, early.map((t) => `it has an order of its own: ${t}`));
        const reached = frames || this.row.sandbox ? await this.tabs(page, where, n)
            : await this.swiftly(page, where, n);
        const want = [...Array(Math.min(n, STOPS_MAX)).keys()];
        const lost = want.filter((i) => !reached.includes(i));
        if (lost.length > 0) {
            const what = await page.evaluate((i) => window.bwStops[i].outerHTML.slice(0, 120), lost[0]);
            this.wrong(where, `Tab does not reach ${lost.length} of ${n}, the first ${what}`);
        } else if (reached.slice(0, n).some((at, i) => at !== i)) {
            this.wrong(where, "Tab goes through it in another order than it stands");
        }
        if (head) {
            await this.skip(page, where);
        }
    }

    // Tab after Tab. A frame is another process: it takes the focus when it can, and keeps it for long.
    async tabs(page, where, n) {
        const tab = await tabbing(page);
        const reached = [];
        for (let i = 0; i < n + STOPS_MAX && reached.length < STOPS_MAX; i++) {
            await tab();
            let { at, within, wrong } = await page.evaluate(look.stop);
            if (at === -1) {
                await page.waitForTimeout(100);
                ({ at, within, wrong } = await page.evaluate(look.stop));
            }
            this.wrong(where, wrong);
            if (at === -1 || (reached.includes(at) && !within)) {
                break;
            }
            if (at >= 0 && !reached.includes(at)) {
                reached.push(at);
            }
        }
        return reached;
    }

    // The same without asking after each: the page looks where the focus is whenever it is to leave.
    async swiftly(page, where, n) {
        await page.evaluate(`window.bwSeen = []; window.bwLook ||= addEventListener("keydown",
            () => window.bwSeen.push((${look.stop})()), true) || true`);
        const tab = await tabbing(page);
        await Promise.all(Array.from({ length: Math.min(n, STOPS_MAX) + 12 }, tab));
        const seen = (await page.evaluate(() => window.bwSeen)).slice(1);
        const end = seen.findIndex((s, i) => s.at === -1 || (s.at >= 0 && seen.findIndex((x) => x.at === s.at) < i));
        const once = end < 0 ? seen : seen.slice(0, end);
        once.forEach((s) => this.wrong(where, s.wrong));
        return once.map((s) => s.at).filter((at) => at >= 0);
    }

    // The first stop leads past the head of the page, once it is used.
    async skip(page, where) {
        const want = await page.evaluate(look.skipped);
        if (want < 0) {
            this.wrong(where, "the first stop is no link past the head of the page");
            return;
        }
        await page.evaluate(() => window.bwStops[0].focus());
        await page.keyboard.press("Enter");
        await page.keyboard.press("Tab");
        const { at } = await page.evaluate(look.stop);
        const n = await page.evaluate(() => window.bwStops.length);
        if (at !== want && !(want === n && at <= 0)) { // behind the last comes the browser's own, or the first
            this.wrong(where, `behind the skip link Tab is at ${at}, not at ${want}`);
        }
    }

    // A small one: the head of a page, for people who want to know what it looks like.
    async shot(page, how) {
        if (!this.world.shots || this.row.shot === false || this.row.finds) {
            return;
        }
        const { width } = page.viewportSize();
        const height = Math.min(SHOT_HIGH, await page.evaluate(() => document.documentElement.scrollHeight));
        const client = await page.context().newCDPSession(page);
        await page.evaluate(() => document.activeElement.blur());
        const { data } = await client.send("Page.captureScreenshot", {
            format: "webp", quality: 70, captureBeyondViewport: true,
            clip: { x: 0, y: 0, width, height, scale: width > 1000 ? 0.7 : 1 } });
        const file = `${this.row.name.replace(/[^a-z0-9]+/gi, "-").toLowerCase()}-${how}.webp`;
        fs.writeFileSync(path.join(this.world.shots, file), Buffer.from(data, "base64"));
    }
}

// What of a page's words and ways is not in another's.
function differ(words, others) {
    const missing = words.filter((w, i) => i > 0 && !others.includes(w));
    if (others[0] !== words[0]) {
        let i = 0;
        while (others[0][i] === words[0][i]) {
            i++;
        }
        missing.push(`"${words[0].slice(Math.max(0, i - 20), i + 60)}"`);
    }
    return missing;
}

// What presses Tab.
async function tabbing(page) {
    const client = await page.context().newCDPSession(page);
    return () => client.send("Input.dispatchKeyEvent", {
        type: "rawKeyDown", key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 });
}

function program() {
    for (const name of PROGRAMS) {
        for (const folder of process.env.PATH.split(":")) {
            if (fs.existsSync(path.join(folder, name))) {
                return path.join(folder, name);
            }
        }
    }
    return null;
}

function asked(argv) {
    const [file, ...rest] = argv;
    const world = JSON.parse(fs.readFileSync(file, "utf8"));
    for (let i = 0; i < rest.length; i += 2) {
        world[rest[i].replace(/^--/, "")] = rest[i + 1];
    }
    world.pages = world.pages || require(path.resolve(__dirname, world.table))(world);
    const forms = (world.addresses || []).filter((form) => {
        const pattern = new RegExp(`^${form.replace(/{\*?}/g, "[^/]+")}$`);
        return !world.pages.some((p) => pattern.test(new URL(p.at, world.base).pathname));
    });
    if (forms.length > 0) {
        console.log(`no row looks at ${forms.join(", ")}`);
    }
    if (world.only) {
        world.pages = world.pages.filter((p) => p.name.includes(world.only));
    }
    if (world.shots) {
        fs.mkdirSync(world.shots, { recursive: true });
    }
    world.heaviest = { graph: 0 };
    return world;
}

async function main() {
    const world = asked(process.argv.slice(2));
    const executablePath = program();
    if (!executablePath) {
        console.log("not here: chromium is not installed");
        return 77;
    }
    world.browser = await chromium.launch({ executablePath, args: [
        "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"] });
    const visits = [];
    for (const row of world.pages) {
        (row.roles || ["nobody"]).forEach((role, i) => visits.push(new Visit(world, row, role, i ? "brief" : "whole")));
        (row.hidden || []).forEach((role) => visits.push(new Visit(world, row, role, "hidden")));
    }
    const waiting = visits.slice();
    const worker = async () => {
        for (let v = waiting.shift(); v; v = waiting.shift()) {
            const late = new Promise((_, no) => setTimeout(no, VISIT_MS, new Error("no end of it")).unref());
            await Promise.race([v.run(), late]).catch((e) => v.wrong(
                v.doing, e.message.split("\n").slice(0, 3).join(" ")));
            if (process.env.BW_VERBOSE) {
                console.log(`${v.row.name} (${v.role}): ${v.bytes} bytes, ${v.ms} ms ${v.times}`);
            }
        }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    await world.browser.close();
    const faults = [...new Set(visits.flatMap((v) => v.all()))];
    faults.forEach((text) => console.log(`WRONG: ${text}`));
    console.log(`${visits.length} pages, the heaviest ${Math.max(0, ...visits.map((v) => v.bytes || 0))} bytes, ` +
        `graph ${world.heaviest.graph} bytes packed; ${faults.length} wrong`);
    return faults.length > 0 || visits.length === 0 ? 1 : 0;
}

main().then((status) => process.exit(status), (e) => {
    console.log(e);
    process.exit(2);
});
