// SPDX-License-Identifier: GPL-3.0-or-later
// pages.js - every page that people see, a row each: its name and address; roles, who sees it (the
// first is looked at in all ways, the others briefly), and hidden, to whom it must be nothing at all;
// has, what must stand there (words, or css: with a selector); and, where something has to be done
// first, steps(page, visit). browser.js has what else a row may say. `w` is the world that
// test_browser.py made: names, sites, tokens.
"use strict";

const crypto = require("crypto");

const STATE = ["admin", "viewer"]; // see everything
const OWN = ["district", "agency", "coordinator"]; // see one of the two districts
const NOBODY = ["nobody"];

// RFC 6238, from the key that a page shows, by the collector's clock.
function code(key, ahead) {
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    const bits = [...key.replace(/[^A-Z2-7]/g, "")].map((c) => letters.indexOf(c).toString(2).padStart(5, "0")).join("");
    const secret = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
    const step = Buffer.alloc(8);
    step.writeBigUInt64BE(BigInt(Math.floor((Date.now() / 1000 + ahead) / 30)));
    const mac = crypto.createHmac("sha1", secret).update(step).digest();
    return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1000000).padStart(6, "0");
}

const FAULTS = ["is cut by p.cut", "lie on each other", "the page is", "color-contrast", "turns the text",
    "became B", "the focus is not seen", "leads to #nowhere", "an order of its own",
    "it asks http", "console: told", "a script fails: thrown", "Only with scripts"];

// The ends of the range that the address names, in seconds.
function ends(page) {
    return new URL(page.url()).searchParams.get("range").split("..").map((t) => Date.parse(t) / 1000);
}

// A range is chosen in a picture by drawing, then a shorter one by keys; the address says it.
async function drawn(page, visit) {
    const told = async () => page.locator(".plot").first().evaluate((e) => [Number(e.dataset.from), Number(e.dataset.to)]);
    const near = (what, got, want, of) => got.forEach((t, i) => Math.abs(t - want[i]) > of / 50 &&
        visit.wrong("", `${what}: ${got} where ${want} was chosen`));
    let [from, to] = await told();
    const field = page.locator(".pick").first();
    await field.scrollIntoViewIfNeeded();
    const box = await field.boundingBox();
    await page.mouse.move(box.x + box.width * 0.25, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 60, { steps: 4 });
    await page.mouse.move(box.x + box.width * 0.75, box.y + 60, { steps: 4 });
    await Promise.all([page.waitForNavigation(), page.mouse.up()]);
    near("drawn", ends(page), [from + (to - from) / 4, from + (to - from) * 3 / 4], to - from);
    near("shown", await told(), ends(page), to - from);
    [from, to] = await told();
    await page.locator(".pick").first().focus();
    for (const key of ["Home", "Enter", ...Array(6).fill("Shift+ArrowRight")]) { // half of it
        await page.keyboard.press(key);
    }
    const live = await page.locator("[aria-live]").textContent();
    if (!/^\d{4}-\d\d-\d\d \d\d:\d\d$/.test(live)) {
        visit.wrong("", `it says "${live}"`);
    }
    await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
    near("by keys", ends(page), [from, from + (to - from) / 2], to - from);
}

// Somebody says what is known of a stretch of time.
async function said(page, visit) {
    const words = `<b data-ran>power</b> cut on Alder "Road" ${Date.now()}`;
    await page.click("#say summary");
    await page.fill("#s-from", "2026-11-04T10:00");
    await page.fill("#s-to", "2026-11-04T10:45");
    await page.selectOption("#s-cause", "power");
    await page.fill("#s-text", words);
    await Promise.all([page.waitForNavigation(), page.click(".say button")]);
    if (!(await page.textContent("main")).includes(words)) {
        visit.wrong("", "what was said is not there");
    }
}

module.exports = (w) => [
    { name: "faulty", at: `file://${__dirname}/faulty.html`, finds: FAULTS },
    { name: "changed", at: "/", roles: [...STATE, ...OWN], has: ["Changed since yesterday"], live: "#collector + *" },
    { name: "changed silent", at: "/?only=silent", roles: ["district"], shot: false, has: ["Newly silent"] },
    { name: "alerts", at: "/alerts", roles: [...STATE, ...OWN], has: ["What lasted for long enough"] },
    { name: "alert", at: "/alerts/900", roles: ["district", "admin"], has: ["packets lost", "History", "css:main form button"] },
    { name: "alert over", at: "/alerts/901", roles: ["coordinator", "viewer"], shot: false, has: ["Its own records"] },
    { name: "no alert", at: "/alerts/999999", shot: false, roles: ["admin"], status: 404, has: ["there is no such alert"] },
    { name: "queue", at: "/queue", roles: ["admin", "coordinator"], has: ["Support queue", "By what it is weighed"] },
    { name: "queue districts", at: "/queue?of=districts&sort=latency", shot: false, roles: ["agency"], has: ["css:nav.ranges [aria-current]", "css:th[aria-sort]"] },
    { name: "queue opened", at: `/queue?open=${w.school}`, roles: ["district", "viewer"], has: ["Made of", "of 100", "css:#weights"] },
    { name: "queue apart", at: "/queue?show=apart", shot: false, roles: ["viewer"], has: ["known parts weigh"] },
    { name: "prices", at: "/prices", roles: ["viewer", "district"], has: ["Prices", "By provider", "Without a price", "css:svg.spread"] },
    { name: "prices of a class", at: "/prices?class=1g&layer=ip", shot: false, roles: ["agency"], has: ["css:option[selected]"] },
    { name: "readiness", at: "/readiness?rate=4000", roles: ["admin", "coordinator"], has: ["How many students can test at once", "css:figure.bar rect", "Place by place"] },
    { name: "readiness was", at: `/readiness?rate=4000&weeks=${w.week}`, roles: ["district", "viewer"], has: ["What was in class hours", "More at once", "Sittings"] },
    { name: "compare", at: "/compare", roles: ["admin", "district"], has: ["beside others like them", "How to read it", "css:nav.ranges [aria-current]"] },
    { name: "compare all", at: "/compare?by=all&cohort=all", roles: ["viewer"], has: ["All districts", ...w.districtNames, "css:svg.strip", "css:form input[type=checkbox]"] },
    { name: "compare like", at: `/compare?like=${w.district}`, roles: ["district", "admin"], has: ["but meeting the target", "As a cohort"] },
    { name: "compare within", at: `/compare?of=schools&within=${w.district}&measure=tested`, shot: false, roles: ["agency"], has: ["Schools side by side", "css:svg.strip"] },
    { name: "progress", at: "/progress", roles: ["district", "viewer"], has: ["Progress", "1 Mbit/s for every student", "So far"] },
    { name: "goal", at: "/progress/each-1m", roles: ["admin", "agency"], hidden: [], has: ["Month by month", "css:svg.chart rect", "School by school"] },
    { name: "worksheet", at: `/prices/worksheet?below=${w.district}&make=1`, roles: ["district", "admin"], has: ["How the speed comes about", "Circuits in the sum", "css:svg.spread"] },
    { name: "worksheet chosen", at: "/prices/worksheet?circuits=s-zzzzzz.wan", shot: false, roles: ["viewer"], has: ["not known here", "css:form select"] },
    { name: "servers", at: "/servers", roles: ["admin", "viewer"], has: ["of the usual", "css:td.strip svg.heat path", "Server faults"] },
    { name: "server", at: "/servers/state-1", roles: ["viewer"], hidden: ["district"], has: ["css:svg.heat.grid path", "Hour by hour"] },
    { name: "no server", at: "/servers/nobody", shot: false, roles: ["admin"], status: 404, has: ["no box tested at a server of this name"] },
    { name: "fleet", at: "/fleet", roles: ["admin", "district", "agency"], has: ["What it takes", "css:svg.funnel rect"] },
    { name: "fleet tokens", at: "/fleet/tokens", roles: ["admin"], has: ["css:textarea[name=table]", "nobody can look it up again"] },
    { name: "fleet tokens wrong", at: "/fleet/tokens", shot: false, roles: ["admin"], after: /tokens/, has: ["css:form textarea"], steps: async (page, visit) => {
        await page.fill("textarea", "id,name,entity\n,<b data-ran>Ash</b>,nowhere\n");
        await Promise.all([page.waitForNavigation(), page.click("main button")]);
        if (!(await page.textContent("main pre")).includes("line:2: no entity is \"nowhere\"")) {
            visit.wrong("", "the wrong line is not told");
        }
    } },
    { name: "fleet keys", at: `/fleet/keys/${w.site}`, shot: false, roles: ["admin"], after: /keys/, has: ["Second records", "css:details form"], steps: async (page, visit) => {
        await page.click("summary");
        await page.fill("input[name=since]", "2026-11-02");
        await page.fill("input[name=reason]", "<b data-ran>");
        await page.fill("input[name=typed]", "not it");
        await Promise.all([page.waitForNavigation(), page.click("details button")]);
        if (!(await page.textContent("main .note")).includes("Nothing was revoked")) {
            visit.wrong("", "another key's name revokes it");
        }
    } },
    { name: "fleet at", at: "/fleet?stage=planned", shot: false, roles: ["viewer"], has: ["What the next stage takes"] },
    { name: "upgrade", at: `/upgrades/${w.site}.wan?at=${w.middle}&days=5`, roles: ["district", "admin"], has: ["Before and after", "School days of a side", "css:svg.chart", "Good runs at 80"] },
    { name: "sites", at: "/sites", roles: ["admin", "agency"], has: ["Sites", ...w.names] },
    { name: "sites of one", at: "/sites", roles: ["district"], shot: false, has: [w.siteName] },
    { name: "sites sorted", at: "/sites?sort=entity&state=silent", shot: false, roles: ["viewer"], has: ["silent"] },
    { name: "sites none", at: "/sites?q=%22%3E%3Cb%20data-ran%3Enone", shot: false, roles: ["admin"], has: ["No site fits"] },
    { name: "districts", at: "/districts", roles: ["viewer", "coordinator"], has: ["Students on file", ...w.districtNames] },
    { name: "state", at: "/districts/state", roles: ["admin"], hidden: OWN, has: ["Below it", "28 days from"] },
    { name: "district", at: `/districts/${w.district}`, roles: ["agency", "admin"], has: ["28 days from", "Below it"] },
    { name: "other district", at: `/districts/${w.otherDistrict}`, roles: [], hidden: OWN },
    { name: "school", at: `/schools/${w.school}`, roles: ["district", "viewer"], has: ["28 days from", "Newest day"] },
    { name: "no district", at: `/districts/${w.school}`, roles: ["admin"], shot: false, status: 404, has: ["no district has this id"] },
    { name: "circuit", at: `/circuits/${w.site}.wan`, roles: ["district", "coordinator", "admin"], hidden: [],
        has: ["Where on the way", "Claimed", "By keyboard", "Outages", "css:svg.way", "css:.plot[data-from] img"] },
    { name: "circuit drawn", at: `/circuits/${w.site}.wan?range=week`, shot: false, roles: ["viewer"], has: ["css:nav.ranges [aria-current]"],
        steps: drawn },
    { name: "circuit said", at: `/circuits/${w.site}.wan?range=month`, shot: false, once: true, roles: ["district"], steps: said },
    { name: "circuit year", at: `/circuits/${w.site}.wan?range=year`, shot: false, roles: ["admin"], has: ["median day", "Funding year"] },
    { name: "circuit rich", at: `/circuits/${w.rich}.wan`, shot: false, roles: ["viewer"], hidden: OWN, has: ["Trace to hub"] },
    { name: "no range", at: `/circuits/${w.site}.wan?range=%3Cb%20data-ran%3E..x`, shot: false, roles: ["admin"], status: 400,
        has: ["That is no range of time"] },
    { name: "site", at: `/sites/${w.site}`, roles: ["district", "coordinator", "admin"], has: ["Claimed", "Tested", w.siteName] },
    { name: "site year", at: `/sites/${w.site}?range=year`, shot: false, roles: ["admin"], has: ["css:nav.ranges [aria-current]"] },
    { name: "site traffic", at: `/sites/${w.rich}`, roles: ["viewer"], hidden: OWN, has: ["Targets, last 7 days"] },
    { name: "site never", at: `/sites/${w.never}`, roles: ["admin"], has: ["No record yet", ...w.names.slice(-1)] },
    { name: "other site", at: `/sites/${w.otherSite}`, roles: [], hidden: OWN },
    { name: "no site", at: "/sites/s-zzzzzz", shot: false, roles: ["admin"], status: 404, has: ["no site has this id"] },
    { name: "open data", at: "/open-data", roles: [...NOBODY, "district"], has: ["Months", "License", "css:details table"] },
    { name: "open data review", at: `/open-data/review?entity=${w.district}`, roles: ["district", "viewer"], has: ["The rows", "What was said", "published"] },
    { name: "open data reviews", at: "/open-data/review", shot: false, roles: ["admin"], has: ["Whose rows"] },
    { name: "problem", at: "/problems/fork", roles: [...NOBODY, "district"], has: ["Forked chain"] },
    { name: "account", at: "/account", roles: [...OWN, ...STATE], has: ["Sign out"] },
    { name: "people", at: "/people", roles: ["admin"], has: ["css:main form"] },
    { name: "sign in", at: "/sign-in", roles: NOBODY, has: ["css:form input[type=password]", "css:a.button[href='/oidc/start']"] },
    { name: "directory away", at: "/oidc/start?to=/queue", shot: false, roles: NOBODY, status: 503, has: ["does not answer now", "css:form"] },
    { name: "not asked for", at: "/oidc/back?code=x&state=y", shot: false, roles: NOBODY, status: 403, has: ["did not ask"] },
    { name: "signed out", at: "/sites", roles: NOBODY, shot: false, has: ["css:form input[type=password]"] },
    { name: "sign in refused", at: "/sign-in", roles: NOBODY, shot: false, after: /sign-in/, steps: async (page) => {
        await page.fill("input[name=name]", "<b data-ran>nobody</b>");
        await page.fill("input[name=password]", "wrong");
        await page.fill("input[name=code]", "000000");
        await Promise.all([page.waitForNavigation(), page.click("main button")]);
    } },
    { name: "set up", at: new URL(w.links[0]).pathname, roles: NOBODY, has: ["css:.key"] },
    { name: "set up done", at: new URL(w.links[1]).pathname, roles: NOBODY, once: true, steps: async (page, visit) => {
        const key = await page.textContent(".key");
        await page.fill("input[name=password]", "a grey gate by the post");
        await page.fill("input[name=again]", "a grey gate by the post");
        await page.fill("input[name=code]", code(key, w.ahead));
        await Promise.all([page.waitForNavigation(), page.click("main button")]);
        if (await page.locator("li code").count() < 10) {
            visit.wrong("", "no recovery codes");
        }
    } },
    { name: "link", at: `/s/${w.link}`, roles: NOBODY, has: ["Your comment"], csp: /'unsafe-inline'/ },
    { name: "no link", at: "/s/AAAAAAAAAAAAAAAAAAAAAA", shot: false, roles: NOBODY, status: 404, csp: /'unsafe-inline'/ },
    { name: "pack", at: `/s/${w.link}/pack.html`, roles: NOBODY, csp: /'unsafe-inline'/, sandbox: true, kb: 400 },
];
