/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_method.c - how each figure was made, where it comes from, and what it does not
 * show.
 *
 * Invariant: every method named in the tables is explained here in one paragraph. */
#include "pages_private.h"

#include <bw/records.h>
#include <stdio.h>
#include <words.h>

static const struct {
    const char *name;
    const char *text;
} methods[] = {
    {"Percentile (rank rule of all P5, P50, P95, P99)",
     "Values in ascending order; the percentile p of n values is the value at rank "
     "ceil(p × n), counted from 1. With n = 288 the P95 is the 274th value, with n = 20 "
     "the "
     "19th. Nothing is interpolated."},
    {"Use, " BW_METHOD_UTIL_P95,
     "The rate of an interval is its bytes × 8 over the seconds that the counters really "
     "cover. An interval counts when they cover at least half of the usual interval length "
     "and "
     "when none of our own throughput runs was under way (from 10 s before its measured "
     "window "
     "to 2 s after it; where counts come in steps of more than a second, by one step more "
     "on either side). An interval belongs to the period, the day and the class hours in "
     "which "
     "it starts, in local time. Down and up are never added."},
    {"Carried, " BW_METHOD_CARRIED,
     "The highest of those interval rates: what the line is known to have carried for its "
     "users."},
    {"Bytes, " BW_METHOD_BYTES ", and saturation, " BW_METHOD_SATURATED,
     "Bytes are the sum of all intervals, our own tests included. Saturated time is the "
     "sum of "
     "the seconds at 90 % of the claim or more as the box counted them, intervals with a "
     "test "
     "of ours left out."},
    {"Class hours, " BW_METHOD_CLASS_CALENDAR " and " BW_METHOD_CLASS_HOURS,
     "With a school's calendar: an interval belongs to class hours when the local date on "
     "which it starts has lessons and the local time lies in that day's hours; of days of "
     "which no calendar speaks it is not known. Without one: weekdays and hours of the "
     "clock, holidays too."},
    {"Tested, " BW_METHOD_TESTED " and " BW_METHOD_CLAIM_SHARE,
     "Goodput is a run's own payload. The line rate is the rate of the circuit's counter "
     "in the "
     "same window, test and users together, so that a busy line is not taken for a slow "
     "one. "
     "The claim is compared with the line rate, at the layer that the claim names (IP when "
     "it "
     "names none). Every good run counts, retests too; failed and deferred runs are "
     "counted and "
     "shown, never filled in. A run's grade is the proof that its record shows, a receipt "
     "or the number of an archive's entry; whether that is genuine is not checked for "
     "this page. A run that shows none rests on the box's word."},
    {"Layers, " BW_METHOD_LAYER,
     "Ethernet counts a packet from the destination address to the end of its payload, "
     "without "
     "check sequence; IP counts 14 bytes less per packet. For use the packets are counted, "
     "so "
     "the conversion is exact; for a test full-size packets of the stated MTU are taken. "
     "Goodput is taken as IPv4 and TCP with time stamps: 52 bytes less per packet."},
    {"Round trip, " BW_METHOD_RTT ", and loss, " BW_METHOD_LOSS,
     "All round trips of the period in one histogram with 16 steps an octave, so a "
     "percentile "
     "is right to 1/32 of its value; the mean is exact. Loss is lost over sent, late "
     "replies "
     "counted as lost, with the 95 % Wilson interval."},
    {"Delay variation, " BW_METHOD_PDV, "P95 of the round trip minus the period's lowest "
                                        "(RFC 5481 PDV). A changed route shows in "
                                        "it as well."},
    {"Answers, " BW_METHOD_ANSWERS ", parts of an exchange, " BW_METHOD_PHASES
     ", and certificates, " BW_METHOD_CERT,
     "How often each answer came, in the protocol's own word, of all exchanges asked; one "
     "that got no answer at all has none. Parts of exchanges come from merged histograms "
     "like round trips, each part from the end of the one before it. A certificate's days "
     "are the whole days it had left when it was read; shown is the fewest, and the "
     "newest."},
    {"Side of loss, " BW_METHOD_LOSS_SIDE ", and one-way delay, " BW_METHOD_ONE_WAY,
     "On which way a packet was lost is known where the far end's own count tells it; the "
     "rest was lost nobody knows where. One-way delays exist only for packets for which "
     "both clocks were synchronised, and may be off by the error bound that stands beside "
     "them."},
    {"Paths, " BW_METHOD_PATH,
     "Traces of the way to a target. A way is another one where a hop that answered both "
     "times answered as somebody else, or where its length changed; a router that is "
     "silent once is no change. The box compares each trace with the one before it. Hops "
     "are shown as the newest record tells them, without addresses."},
    {"Kinds of traffic, " BW_METHOD_MIX,
     "Packets are drawn at random and their headers looked at; a class's share of the "
     "bytes "
     "drawn, times the bytes of the circuit's counter in the same interval (exact, unless "
     "said to be at least so many), gives its "
     "bytes, and the sums over the period its share. Errors of intervals are independent: "
     "the half widths of their 95 % intervals, weighted by bytes, add as squares. Left out "
     "are intervals with a run of ours or a part of one (it is in the counter and not "
     "looked at) and those "
     "looked at for less than half. Classes of too few devices are within \"other\". "
     "Shares "
     "by IP version and by length of packet are made in the same way."},
    {"Sizes of flows, " BW_METHOD_FLOW_SIZES,
     "Bytes of whole flows that ended, both ways together, of flows drawn at random; from "
     "histograms of all intervals merged, so a percentile is right to 1/32 of its value."},
    {"Round trips of real traffic, " BW_METHOD_USER_RTT ", sent again, " BW_METHOD_RESENT
     ", and saturated seconds, " BW_METHOD_SATURATED_RTT,
     "From whole TCP flows drawn at random, seen at the box: the far side is the line and "
     "all behind it, the school side all before it; delayed answers of either end are in "
     "them. Histograms of all intervals are merged. Payload sent again is a share of the "
     "payload seen, weighted by bytes and by one in how many flows was drawn; flows are "
     "drawn anew each hour, so the half widths of an hour's intervals add up, those of "
     "hours as squares. Round trips of saturated seconds (90 % of the claim "
     "or more, by the counter) stand against all others of the same period; an interval "
     "whose record does not tell them apart, or whose counts come too late to, is in "
     "neither. Intervals with a run of ours "
     "are "
     "in both where users' packets were looked at."},
    {"Round trips under load, " BW_METHOD_LOADED,
     "A throughput run fills the line and asks its server all the while. Of the good runs "
     "that tell of both: the round trip before the run, and the P95 of those during it, "
     "each with its median and P95 over the runs, and the median of the differences."},
    {"Outages, " BW_METHOD_OUTAGE, "Ten seconds or more in which every target of the "
                                   "circuit (at least two) is silent, or the "
                                   "carrier is down. Outages that overlap count once, and "
                                   "only their part inside the period. "
                                   "One without an end on record counts until the records "
                                   "stop. A silent box is a gap, not an "
                                   "outage. Where fewer than two targets were asked every "
                                   "few seconds and nothing was counted, outages are not "
                                   "measured."},
    {"Set apart, " BW_METHOD_ERRATUM " and " BW_METHOD_KEY_APART,
     "Where an erratum in force excludes fields of records, every figure is made from what "
     "is left of them: its runs are shown, and set apart; its other figures are not known. "
     "Records that a collector received after their key was in other hands count nowhere, "
     "whatever time they claim. How many of each stands on the page; no record is "
     "changed."},
    {"Excluded time, " BW_METHOD_EXCLUDED,
     "What people know of a stretch of time is kept with their name and never changes a "
     "record. Where they exclude it, the outages' part inside it is left out of one "
     "figure, the total without excluded time, which stands beside the full total. "
     "Stretches that overlap are excluded once. No other figure leaves anything out for "
     "it."},
    {"Coverage, " BW_METHOD_COVERAGE ", and clock, " BW_METHOD_CLOCK,
     "Recorded time is the union of all intervals. The rest of the time that has passed is "
     "missing, and each missing stretch is listed. The clock's error bound is the kernel's "
     "own."},
    {"Counts, " BW_METHOD_COUNT,
     "Records, intervals and runs, each counted once; the same record twice is one."},
};

static void methods_list(struct bw_doc *d)
{
    bw_doc_terms(d);
    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        bw_doc_term(d, methods[i].name);
        bw_doc_text(d, methods[i].text);
    }
}

static void line(struct bw_doc *d, const char *name, const char *text)
{
    bw_doc_row(d);
    bw_doc_put(d, name);
    bw_doc_put(d, text);
}

static void vantage_lines(struct bw_doc *d, const struct bw_report *r)
{
    char text[320];
    char behind[64];
    char link[BW_WORDS_MAX];
    char mtu[BW_WORDS_MAX];
    char from[BW_WORDS_MAX];

    for (size_t i = 0; i < r->n_facts; i++) {
        const struct bw_report_facts *f = &r->facts[i];
        bw_words_behind(f->behind, behind, sizeof(behind));
        bw_words_rate(f->link_bps, link);
        bw_words_count(f->mtu, mtu);
        bw_words_local(r->tz,
                       f->from_unix_s > r->from_unix_s ? f->from_unix_s : r->from_unix_s, 0,
                       from);
        (void)snprintf(text, sizeof(text), "%s%s%s; counters %s%s%s; link %s; MTU %s%s%s",
                       bw_words_or(bw_vantage_name(f->vantage), "not stated"),
                       behind[0] ? ", behind " : "", behind,
                       bw_words_or(bw_source_name(f->source), "none"),
                       f->layer != BW_LAYER_UNKNOWN ? " at " : "",
                       f->layer != BW_LAYER_UNKNOWN ? bw_words_layer_long(f->layer) : "",
                       f->link_bps == BW_UNKNOWN ? "not known" : link, mtu,
                       r->n_facts > 1 ? "; from " : "", r->n_facts > 1 ? from : "");
        line(d, "Place of the box and source of its counters", text);
    }
}

/* Since when a key signs, why its chain began and which one that cites. */
static void
key_history(struct bw_doc *d, const struct bw_report *r, const struct bw_report_key *k)
{
    static const char *const whys[] = {[BW_CHAIN_CONTINUES] = "",
                                       [BW_CHAIN_NEW] = "the first of this box",
                                       [BW_CHAIN_ROTATED] = "the box changed its key",
                                       [BW_CHAIN_REPLACED] = "the box was replaced",
                                       [BW_CHAIN_FORK] = "the chain before it had two ends",
                                       [BW_CHAIN_RESTORED] =
                                           "the box's journal was lost or set back"};
    char when[BW_WORDS_MAX];

    if (k->from_unix_s != BW_UNKNOWN) {
        bw_words_local(r->tz, k->from_unix_s, 0, when);
        bw_doc_printf(d, BW_SPAN_PLAIN, "; on file since %s%s", when,
                      k->from_unix_s > r->from_unix_s ? ", after the period began" : "");
    }
    if (k->begins_unix_s != BW_UNKNOWN) {
        bw_words_local(r->tz, k->begins_unix_s, 0, when);
        bw_doc_printf(d, BW_SPAN_PLAIN, "; its chain begins %s: %s", when, whys[k->why]);
    }
    if (k->prev_kid[0] && k->prev_seq != BW_UNKNOWN) {
        bw_doc_printf(d, BW_SPAN_PLAIN, "; it goes on from number %lld of %s",
                      (long long)k->prev_seq, k->prev_kid);
    } else if (k->prev_kid[0]) {
        bw_doc_printf(d, BW_SPAN_PLAIN, "; signed for by %s", k->prev_kid);
    }
    if (k->replaced_unix_s != BW_UNKNOWN) {
        bw_words_local(r->tz, k->replaced_unix_s, 0, when);
        bw_doc_printf(
            d, BW_SPAN_PLAIN,
            "; its box was replaced %s by the one of %s: nothing that it measured "
            "since is taken",
            when, k->replaced_by);
        if (k->replaced_why[0]) {
            bw_doc_printf(d, BW_SPAN_PLAIN, " (%s said why: %s)", k->replaced_said_by,
                          k->replaced_why);
        }
    }
    if (k->revoked_unix_s != BW_UNKNOWN) {
        bw_words_local(r->tz, k->revoked_unix_s, 0, when);
        bw_doc_printf(d, BW_SPAN_PLAIN,
                      "; revoked as of %s: %lld records received since are set apart", when,
                      (long long)k->n_apart);
    }
}

static void sources(struct bw_doc *d, const struct bw_report *r)
{
    static const struct bw_doc_column columns[] = {{.header = true}, {.name = NULL}};
    const struct bw_report_counts *c = &r->counts;
    char text[320];
    char a[BW_WORDS_MAX];
    char b[BW_WORDS_MAX];
    char stepped[BW_WORDS_MAX];

    bw_doc_section(d, "sources", "Where the figures come from");
    bw_doc_table(d, "source-list", BW_TABLE_PLAIN, columns, 2);
    vantage_lines(d, r);
    bw_words_count(c->n_records, a);
    bw_words_count(c->n_intervals, b);
    (void)snprintf(text, sizeof(text),
                   "%s signed records of the site, %s of them name the circuit", a, b);
    line(d, "Records", text);
    line(d, "Signatures and chain", bw_words_check(r->check));
    if (c->first_position != BW_UNKNOWN) {
        (void)snprintf(text, sizeof(text), "%lld to %lld", (long long)c->first_position,
                       (long long)c->last_position);
        line(d, "Positions in the collector's ledger", text);
    }
    for (size_t i = 0; i < c->n_keys; i++) {
        bw_words_counted(c->keys[i].n, "record", "records", a);
        (void)snprintf(text, sizeof(text), "%s: %s, number %lld to %lld", c->keys[i].kid, a,
                       (long long)c->keys[i].first_seq, (long long)c->keys[i].last_seq);
        line(d, "Key", c->keys[i].n > 0 ? text : c->keys[i].kid);
        key_history(d, r, &c->keys[i]);
    }
    for (size_t i = 0; i < c->n_agents; i++) {
        bw_words_counted(c->agents[i].n, "record", "records", a);
        (void)snprintf(text, sizeof(text), "%s: %s", c->agents[i].text, a);
        line(d, "Software", text);
    }
    for (size_t i = 0; i < c->n_configs; i++) {
        bw_words_counted(c->configs[i].n, "record", "records", a);
        (void)snprintf(text, sizeof(text), "%s: %s", c->configs[i].text, a);
        line(d, "SHA-256 of the box's configuration", text);
    }
    bw_words_length(r->clock.unsynced_s * 1000, a);
    bw_words_delay(r->clock.max_error_us, b);
    bw_words_counted(r->clock.n_stepped, "interval", "intervals", stepped);
    (void)snprintf(text, sizeof(text),
                   "not synchronised for %s; stepped in %s; worst error bound %s", a,
                   stepped, b);
    line(d, "The box's clock", text);
    bw_doc_end(d);
}

/* Who says which claims are about this circuit, and whether one was changed since. */
static void bindings(struct bw_doc *d, const struct bw_report *r)
{
    static const char *const names[] = {"Claim", "Days", "Claimed, down", "Provider",
                                        "Said by, on"};
    char text[BW_WORDS_MAX];

    if (r->n_bindings == 0) {
        return;
    }
    bw_doc_section(d, "bindings",
                   "Whose word it is that these claims are about this circuit");
    bw_sheet_table(d, "binding-list", BW_TABLE_PLAIN, names, 5, 5);
    for (size_t i = 0; i < r->n_bindings; i++) {
        const struct bw_bound *b = &r->bindings[i];
        bw_doc_row(d);
        bw_doc_put(d, b->binding.claim);
        if (b->claim_id[0]) {
            bw_words_local(r->tz, b->claim_said_unix_s, 1, text);
            bw_doc_printf(d, BW_SPAN_SMALL, "%s by %s, %s%s",
                          b->replaced ? "as corrected" : "as said", b->claim_by, text,
                          bw_report_changed_late(r, b) ? ", after the period began" : "");
        }
        bw_doc_cell(d);
        if (b->idle && b->ends_day[0]) {
            bw_doc_printf(d, BW_SPAN_PLAIN, "no day: what was said before ends on %s",
                          b->ends_day);
        } else if (b->never) {
            bw_doc_text(d, "no day: the claim was over when it was said");
        } else if (b->idle) {
            bw_doc_printf(d, BW_SPAN_PLAIN, "from %s: not for this period", b->first_day);
        } else {
            bw_doc_printf(d, BW_SPAN_PLAIN, "%s to %s", b->first_day, b->last_day);
        }
        bw_doc_cell(d);
        if (!b->claim_id[0]) {
            bw_doc_text(d, "the claim is not on file any more");
        } else if (b->bps[BW_DOWN] == BW_UNKNOWN) {
            bw_doc_text(d, "not stated");
        } else {
            bw_words_rate(b->bps[BW_DOWN], text);
            bw_doc_text(d, text);
        }
        if (b->typed_wrong) {
            bw_doc_text(d, ", as filed: Mbps typed wrong? Not counted");
        }
        if (b->void_as[0]) {
            bw_doc_printf(d, BW_SPAN_PLAIN, "; its request is %s", b->void_as);
        }
        bw_doc_put(d, b->provider[0] ? b->provider : "–");
        bw_words_local(r->tz, b->said_unix_s, 1, text);
        bw_doc_put(d, b->by);
        bw_doc_printf(d, BW_SPAN_PLAIN, ", %s%s", text,
                      b->said_unix_s > r->from_unix_s ? ", after the period began" : "");
        if (b->ended_by[0]) {
            bw_words_local(r->tz, b->ended_unix_s, 1, text);
            bw_doc_printf(d, BW_SPAN_PLAIN, "; ended by %s, %s", b->ended_who, text);
        }
    }
    bw_doc_end(d);
}

void bw_sheet_method(struct bw_doc *d, const struct bw_report *r)
{
    bw_doc_section(d, "method", "Method and definitions");
    bw_sheet_para(d, "Every figure is computed from signed records, none from averages of "
                     "averages. Mbit/s and Gbit/s are decimal. A figure that was not "
                     "measured is said to be so; it is never zero. The name behind each "
                     "method is a version: what it means is never changed.");
    methods_list(d);
    bindings(d, r);
    sources(d, r);
    bw_doc_end(d);
}

void bw_sheet_not_shown(struct bw_doc *d, const struct bw_report *r)
{
    enum {
        ITEM_HOLIDAYS = 3
    };
    static const char *const items[] = {
        "Whether a contract or a rule was kept: a finding says what was measured, no more.",
        "Who used the line, or for what: no address, name or content is ever recorded.",
        "Wi-Fi and wiring inside the building, and servers beyond those named.",
        [ITEM_HOLIDAYS] =
            "Holidays: class hours are weekdays and hours of the clock alone.",
        "Anything about the time that is listed under gaps.",
        "That it complies with any programme's rules: it supports such a statement alone."};

    bw_doc_section(d, "not", "What this page does not show");
    bw_doc_list(d, false);
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        if (i != ITEM_HOLIDAYS || !r->class_time.by_calendar) {
            bw_doc_item(d);
            bw_doc_text(d, items[i]);
        }
    }
    bw_doc_end(d);
}
