/* SPDX-License-Identifier: GPL-3.0-or-later
 * proof.c - by what the records of a page can be proved, and on request a certificate for a
 * court to be filled in by a person who knows the process.
 *
 * Invariant: a page proves nothing by itself, and says where the proofs are; the
 * certificate states only what whoever signs it can know. */
#include "packs_private.h"

#include <pages_private.h>
#include <stdio.h>
#include <words.h>

static void line(struct bw_doc *d, const char *name, const char *text)
{
    bw_doc_row(d);
    bw_doc_put(d, name);
    bw_doc_cell(d);
    bw_doc_span(d, BW_SPAN_CODE, text);
}

void bw_pack_proof(struct bw_pack_made *m)
{
    static const struct bw_doc_column columns[] = {{.header = true}, {.name = NULL}};
    const struct bw_report_counts *c = &m->r->counts;
    char text[BW_WORDS_MAX];

    m->section = "proof";
    bw_doc_section(m->doc, "proof", "By what this can be proved");
    bw_sheet_para(m->doc,
                  "Every record is signed by the box that made it and names the hash of "
                  "the one before it. The bag that 'bandwitness bundle' makes holds "
                  "these records, their keys and what the log proves; 'bandwitness "
                  "verify' recomputes the figures of the report from it without a network; "
                  "price, speed for people, until when to keep it and answers for the "
                  "EPC portal are not among them.");
    bw_doc_table(m->doc, "hashes", BW_TABLE_PLAIN, columns, 2);
    line(m->doc, "SHA-256 of the period's first record", c->first_sha256);
    line(m->doc, "SHA-256 of its last", c->last_sha256);
    bw_words_count(c->n_records, text);
    line(m->doc, "Records of the site in the period", text);
    bw_pack_word(m, "first_record_sha256", c->first_sha256);
    bw_pack_word(m, "last_record_sha256", c->last_sha256);
    if (m->r->log.there) {
        bw_pack_word(m, "log", m->r->log.name);
        bw_pack_word(m, "log_witnessed", m->r->log.n_witnesses > 0 ? "yes" : "no");
    } else {
        bw_pack_count_absent(m, "Checkpoint of the log, and witnesses",
                             "These records are in no collector's log, or it is not at "
                             "hand: when they came nobody else shows.");
    }
    bw_doc_end(m->doc);
    bw_sheet_log(m->doc, m->r);
}

static void blank(struct bw_doc *d, const char *what)
{
    bw_doc_row(d);
    bw_doc_put(d, what);
    bw_doc_put(d, " ");
}

void bw_pack_certificate(struct bw_pack_made *m)
{
    static const struct bw_doc_column columns[] = {{.header = true}, {.name = NULL}};
    static const char *const items[] = {"I know how the records of this page are made and "
                                        "kept, and I am qualified to say so.",
                                        "They were made by a process that gives an "
                                        "accurate result: the box counts and measures "
                                        "by itself and signs each record when it is made.",
                                        "The copies were compared with the originals by "
                                        "digital identification: each carries a "
                                        "signature, and its SHA-256 stands in the next "
                                        "one; the SHA-256 of the file that holds them "
                                        "stands in the manifest of the bag."};
    struct bw_doc *d = m->doc;

    if (!m->asked->certificate) {
        return;
    }
    bw_doc_page_break(d);
    bw_doc_section(d, "certificate", "Certificate to be filled in");
    bw_sheet_para(d,
                  "For Federal Rules of Evidence 902(13) and (14). It is no legal advice; "
                  "whoever signs it must know that it is true, and the other party must be "
                  "told beforehand.");
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_printf(d, BW_SPAN_PLAIN, "About: circuit %s.%s, ", m->r->site, m->r->circuit);
    bw_sheet_period(d, m->r, BW_SPAN_PLAIN);
    bw_doc_text(d, ".");
    bw_doc_list(d, true);
    for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
        bw_doc_item(d);
        bw_doc_text(d, items[i]);
    }
    bw_doc_table(d, "sign", BW_TABLE_PLAIN, columns, 2);
    bw_doc_text(d, "To be filled in");
    blank(d, "Name, office, employer");
    blank(d, "How I know the process");
    blank(d, "SHA-256 of the bag");
    blank(d, "Place and date");
    blank(d, "Signature");
    bw_doc_end(d);
}
