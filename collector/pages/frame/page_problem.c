/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_problem.c - what each problem type of the API means, for whoever follows its
 * address: /problems/TYPE. */
#include "page_parts.h"
#include "page_static.h"

#include <buf.h>
#include <clock.h>
#include <collector.h>
#include <http.h>
#include <string.h>
#include <text.h>

static const struct {
    const char *word;
    const char *title;
    const char *text;
} problems[] = {
    {"malformed", "Not readable",
     "The bytes break their own format: no compact JWS, broken zstd, or a payload that "
     "does not "
     "follow the contract. `detail` names the member. A record refused for this stays "
     "refused; "
     "the box goes on and names the gap in its next record."},
    {"bad-signature", "Wrong signature",
     "The signature does not fit the enrolled key. Was the record changed on its way, or "
     "does "
     "another box use a copied configuration?"},
    {"unknown-key", "Unknown key",
     "Nobody enrolled this key here. Make a token at the collector and enrol the box "
     "again; its "
     "kept records are delivered afterwards."},
    {"key-revoked", "Key revoked",
     "This key was taken out of force, or its site is retired. Enrol the box with a new "
     "token."},
    {"key-replaced", "Box replaced",
     "Another box took this one's place at its site before the record's interval began. "
     "What this one measured until then is still taken. If it is to stand there again, "
     "enrol it with a new token."},
    {"fork", "Forked chain",
     "Two different records claim the same place in a chain: mostly a box restored from an "
     "image, "
     "or cloned. Both are kept as evidence. The box goes on under a new key by itself."},
    {"all-refused", "Nothing could be taken",
     "Every line of the post was refused; `refused` names the reason of each."},
    {"too-large", "Too large", "A post has at most 8 MiB, before and after inflating."},
    {"not-acceptable", "Not in a form you take",
     "Answers are plain, or packed by gzip, and Accept-Encoding refuses both. Leave that "
     "header out, or take one of them."},
    {"length-required", "Length required",
     "A body comes with Content-Length, not in chunks: then everybody on the way agrees "
     "where it ends."},
    {"too-long", "Record too long", "A signed record has at most 24 KiB."},
    {"wrong-site", "Another site's record",
     "The record names another site than the one its key was enrolled for. It stays "
     "refused; the "
     "box goes on and names the gap in its next record."},
    {"not-yet-readable", "A newer contract",
     "The record follows a version of the contract that this collector does not read. "
     "Update the "
     "collector; the box keeps the record and sends it again."},
    {"too-far-ahead", "Too far ahead",
     "2,000 records of this chain wait for missing ones already. The box keeps this one "
     "and sends "
     "it again later."},
    {"too-many-lines", "Too many lines", "A post has at most 2,000 lines."},
    {"wrong-content-type", "Wrong Content-Type",
     "Signed records come as application/jose, plain or with Content-Encoding: zstd."},
    {"busy", "Try again later",
     "Too much at once, or the disk does not take records at the moment. Nothing of the "
     "request "
     "was kept; Retry-After says when to come again."},
    {"token-unknown", "Unknown token",
     "This collector never gave this token out. Is it typed whole, and is this the right "
     "collector? Tokens are made with: bandwitness token create"},
    {"token-used", "Token already used",
     "A token works once. Make a new one for this box."},
    {"token-expired", "Token expired", "Make a new token; by default one lasts 14 days."},
    {"key-in-use", "Key in use", "This key already belongs to another site."},
    {"no-measurement-server", "No measurement server",
     "This collector has no measurement server of its own: its configuration has no "
     "'measure'. Boxes test against other servers."},
    {"ticket-refused", "No ticket",
     "The request is for another collector, or its time is off by more than five minutes. "
     "Is the box's clock right?"},
    {"not-testable", "More than the server carries",
     "The circuit's claim is above what the measurement server's line carries, so that a "
     "test could say nothing of it."},
    {"nonce-used", "Asked before",
     "This very request was seen already. The box asks again with another number."},
    {"server-busy", "Server busy",
     "All places at the measurement server are taken, or its line is. The box puts its "
     "test off; Retry-After says until when at least."},
    {"day-used-up", "Enough for today",
     "The site has had the tests or bytes that the state allows it in a UTC day."},
    {"not-found", "Nothing here", "There is no such address, site, circuit or series."},
    {"method", "Wrong method",
     "This address does not take that method; Allow names those it does."},
    {"bags-refused", "No bag",
     "The request is for another collector, or its time is off by more than five minutes. "
     "Is the box's clock right?"},
    {"no-records", "Nothing on record",
     "No record of this circuit is of the period that was asked for. `detail` names both."},
    {"set-apart", "Every record is set apart",
     "What is on record of this period is excluded by an erratum, or came by a key that "
     "was "
     "in other hands. `detail` says which."},
    {"not-made", "Not made",
     "The collector could not make this pack; its own log says why. Whoever runs it can "
     "try "
     "the command that `detail` names."},
    {"signed-out", "Nobody is signed in",
     "This address is for people who signed in and for programs with a key. A program says "
     "Authorization: Bearer KEY; keys are made with: bandwitness account key"},
    {"forged", "Not a form of this session",
     "What changes something carries the token of its session, and comes from a page of "
     "this collector."},
    {"reads-only", "Nothing can be changed this way",
     "A key reads, and where access is open everybody does. To change something a person "
     "signs in."},
    {"bad-query", "Unknown word in the query",
     "A parameter has a value that is not understood."},
};

void bw_page_problem(void *owner, struct bw_http_req *req)
{
    struct bw_collector *c = owner;
    for (size_t i = 0; i < sizeof(problems) / sizeof(problems[0]); i++) {
        if (strcmp(problems[i].word, bw_http_param(req, 0)) == 0) {
            struct bw_buf b;
            bw_buf_init(&b, 65536);
            bw_page_begin(&b, problems[i].title, c->conf->title);
            bw_buf_printf(&b, "<h1>%s</h1><p class=\"mono soft\">/problems/%s</p><p>",
                          problems[i].title, problems[i].word);
            bw_text_html(&b, problems[i].text);
            bw_buf_puts(&b, "</p>");
            bw_page_end(&b, bw_clock_unix_ms());
            bw_http_reply(req, 200, "text/html; charset=utf-8", &b);
            return;
        }
    }
    bw_page_sorry(req, 404, "no problem has this name");
}
