// SPDX-License-Identifier: GPL-3.0-or-later
// pages.js - every page that people see, a row each: its name and address, who may see it, what must
// stand there (words, or css: with a selector) and, where something has to be done first,
// steps(page, visit). `w` is the world that test_browser.py made: names, sites, tokens.
"use strict";

const EVERYBODY = ["open"];

const FAULTS = ["is cut by p.cut", "lie on each other", "the page is", "color-contrast", "turns the text",
    "became B", "the focus is not seen", "leads to #nowhere", "an order of its own",
    "it asks http", "console: told", "a script fails: thrown", "Only with scripts"];

module.exports = (w) => [
    { name: "faulty", at: `file://${__dirname}/faulty.html`, finds: FAULTS },
    { name: "changed", at: "/", roles: EVERYBODY, has: ["Changed since yesterday"], live: "#collector + *" },
    { name: "changed silent", at: "/?only=silent", roles: EVERYBODY, shot: false, has: ["Newly silent"] },
    { name: "sites", at: "/sites", roles: EVERYBODY, has: ["Sites", ...w.names] },
    { name: "sites sorted", at: "/sites?sort=entity&state=silent", shot: false, roles: EVERYBODY, has: ["silent"] },
    { name: "sites none", at: "/sites?q=%22%3E%3Cb%20data-ran%3Enone", shot: false, roles: EVERYBODY, has: ["No site fits"] },
    { name: "districts", at: "/districts", roles: EVERYBODY, has: ["Students on file", ...w.districtNames] },
    { name: "state", at: "/districts/state", roles: EVERYBODY, has: ["Below it", "28 days from"] },
    { name: "district", at: `/districts/${w.district}`, roles: EVERYBODY, has: ["28 days from", "Below it"] },
    { name: "school", at: `/schools/${w.school}`, roles: EVERYBODY, has: ["28 days from", "Newest day"] },
    { name: "no district", at: `/districts/${w.school}`, roles: EVERYBODY, shot: false, status: 404, has: ["no district has this id"] },
    { name: "site", at: `/sites/${w.site}`, roles: EVERYBODY, has: ["Claimed", "Tested", w.siteName] },
    { name: "site year", at: `/sites/${w.site}?range=year`, shot: false, roles: EVERYBODY, has: ["css:nav.ranges [aria-current]"] },
    { name: "site traffic", at: `/sites/${w.rich}`, roles: EVERYBODY, has: ["Targets, last 7 days"] },
    { name: "site never", at: `/sites/${w.never}`, roles: EVERYBODY, has: ["No record yet", ...w.names.slice(-1)] },
    { name: "no site", at: "/sites/s-zzzzzz", shot: false, roles: EVERYBODY, status: 404, has: ["no site has this id"] },
    { name: "problem", at: "/problems/fork", roles: EVERYBODY, has: ["Forked chain"] },
    { name: "link", at: `/s/${w.link}`, roles: EVERYBODY, has: ["Your comment"], csp: /'unsafe-inline'/ },
    { name: "no link", at: "/s/AAAAAAAAAAAAAAAAAAAAAA", shot: false, roles: EVERYBODY, status: 404, csp: /'unsafe-inline'/ },
    { name: "pack", at: `/s/${w.link}/pack.html`, roles: EVERYBODY, csp: /'unsafe-inline'/, sandbox: true, kb: 400 },
];
