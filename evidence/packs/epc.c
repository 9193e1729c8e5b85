/* SPDX-License-Identifier: GPL-3.0-or-later
 * epc.c - the answer sheet for the connectivity questions of the EPC portal.
 *
 * Invariant: a question is answered by what was filed or not at all; a file with one bad
 * line is refused whole. */
#include "epc.h"

#include "packs_private.h"

#include <bw/err.h>
#include <claimline.h>
#include <csvrows.h>
#include <errno.h>
#include <pages_private.h>
#include <stdio.h>
#include <string.h>
#include <words.h>

/* As applicants were told of them; the portal's own words may have changed. */
static const char own[] =
    "question,answer\n"
    "Total download speed of the Internet connection,download\n"
    "Total upload speed of the Internet connection,upload\n"
    "Unit of these speeds,unit\n"
    "Is the Internet connection shared by all schools of the district?,aggregated\n";

static const char *const words[BW_EPC_ANSWERS] = {
    [BW_EPC_DOWNLOAD] = "download", [BW_EPC_UPLOAD] = "upload",
    [BW_EPC_UNIT] = "unit",         [BW_EPC_STUDENTS] = "students",
    [BW_EPC_PROVIDER] = "provider", [BW_EPC_AGGREGATED] = "aggregated",
};

const char *bw_epc_word(enum bw_epc_answer answer)
{
    return answer < BW_EPC_ANSWERS ? words[answer] : "";
}

/* ---- the file ------------------------------------------------------------------- */

static int bad(struct bw_csv *c, struct bw_err *reterr, const char *what)
{
    return bw_err_set(reterr, -EINVAL, "%s:%lld: %s", bw_csv_name(c),
                      (long long)bw_csv_line(c), what);
}

static int read_head(struct bw_csv *c, struct bw_err *reterr)
{
    const struct bw_csv_field *f;
    size_t n;
    int r = bw_csv_next(c, &f, &n, reterr);

    if (r < 0) {
        return r;
    }
    return r == 0 || n != 2 || strcmp(f[0].text, "question") != 0 ||
                   strcmp(f[1].text, "answer") != 0
               ? bad(c, reterr, "the first line has to be 'question,answer'")
               : 0;
}

static int
read_row(struct bw_csv *c, const struct bw_csv_field *f, struct bw_epc *x, struct bw_err *e)
{
    int answer = 0;

    while (answer < BW_EPC_ANSWERS && strcmp(f[1].text, words[answer]) != 0) {
        answer++;
    }
    if (answer == BW_EPC_ANSWERS) {
        return bad(c, e,
                   "answer is download, upload, unit, students, provider or "
                   "aggregated");
    }
    if (f[0].n == 0 || f[0].n > BW_EPC_QUESTION_MAX) {
        return bad(c, e, "a question has 1 to 239 bytes");
    }
    if (x->n == BW_EPC_MAX) {
        return bad(c, e, "more than 32 questions");
    }
    for (size_t i = 0; i < x->n; i++) {
        if (x->questions[i].answer == (enum bw_epc_answer)answer) {
            return bad(c, e, "an answer stands for one question only");
        }
    }
    memcpy(x->questions[x->n].text, f[0].text, f[0].n + 1);
    x->questions[x->n++].answer = (enum bw_epc_answer)answer;
    return 0;
}

int bw_epc_read(const char *path, struct bw_epc *ret, struct bw_err *reterr)
{
    const struct bw_csv_field *f;
    struct bw_csv *c = NULL;
    size_t n;
    int r = path ? bw_csv_open(path, &c, reterr)
                 : bw_csv_memory("questions", own, sizeof(own) - 1, &c, reterr);

    *ret = (struct bw_epc){.n = 0};
    if (r < 0) {
        return r;
    }
    r = read_head(c, reterr);
    while (r == 0 && (r = bw_csv_next(c, &f, &n, reterr)) > 0) {
        r = n == 2 ? read_row(c, f, ret, reterr) : bad(c, reterr, "a line has two columns");
    }
    if (r == 0 && ret->n == 0) {
        r = bad(c, reterr, "there is no question");
    }
    bw_csv_close(c);
    return r;
}

/* ---- the sheet ------------------------------------------------------------------ */

/* Whole Mbit/s as the form wants them; a part of one is written out. */
static void mbps(int64_t bps, char out[BW_WORDS_MAX])
{
    if (bps == BW_UNKNOWN) {
        (void)snprintf(out, BW_WORDS_MAX, "not claimed");
    } else if (bps % 1000000 == 0) {
        (void)snprintf(out, BW_WORDS_MAX, "%lld", (long long)(bps / 1000000));
    } else {
        (void)snprintf(out, BW_WORDS_MAX, "%lld.%03lld", (long long)(bps / 1000000),
                       (long long)(bps % 1000000 / 1000));
    }
}

static void row(struct bw_pack_made *m,
                const char *question,
                enum bw_epc_answer answer,
                const struct bw_report_claim *c)
{
    const struct bw_claimline *line = bw_pack_filed_of(m, 0)->line;
    const char *from = c->origin;
    char text[BW_WORDS_MAX] = "not known here";
    char name[64];
    const char *said = text;

    switch (answer) {
    case BW_EPC_DOWNLOAD:
        mbps(c->bps[BW_DOWN], text);
        break;
    case BW_EPC_UPLOAD:
        mbps(c->bps[BW_UP], text);
        break;
    case BW_EPC_UNIT:
        said = "Mbps";
        from = "1 Mbps is 1,000,000 bit/s";
        break;
    case BW_EPC_STUDENTS:
        from = m->asked->students == BW_UNKNOWN ? "nobody said" : m->asked->people_origin;
        if (m->asked->students != BW_UNKNOWN) {
            (void)snprintf(text, sizeof(text), "%lld", (long long)m->asked->students);
        }
        break;
    case BW_EPC_PROVIDER:
        said = line && line->provider[0] ? line->provider : text;
        break;
    case BW_EPC_AGGREGATED:
    case BW_EPC_ANSWERS:
        said = "to be answered by the district";
        from = "not known here";
        break;
    }
    bw_doc_row(m->doc);
    bw_doc_put(m->doc, question);
    bw_doc_put(m->doc, said);
    bw_doc_put(m->doc, from);
    (void)snprintf(name, sizeof(name), "epc_%s", bw_epc_word(answer));
    bw_pack_word(m, name, said);
}

void bw_pack_epc(struct bw_pack_made *m)
{
    static const struct bw_doc_column columns[] = {
        {.name = "Question", .header = true}, {.name = "Answer"}, {.name = "From"}};
    const struct bw_report_claim *c = bw_pack_claim(m->r);
    struct bw_epc sheet = {.n = 0};
    const struct bw_epc *x = m->asked->epc ? m->asked->epc : &sheet;
    int r = m->asked->epc ? 0 : bw_epc_read(NULL, &sheet, NULL);

    m->section = "epc";
    bw_doc_section(m->doc, "epc",
                   "Answers for the connectivity questions of the EPC portal");
    if (r < 0) {
        m->error = r;
    } else if (!c || c->bps[BW_DOWN] == BW_UNKNOWN) {
        bw_pack_absent(m, "The answer sheet for the EPC portal",
                       "It answers with what was filed, and no claim is in force at the "
                       "period's end.");
    } else {
        bw_doc_table(m->doc, "epc-answers", BW_TABLE_PLAIN, columns, 3);
        bw_doc_text(m->doc, "For this circuit alone; where a district has several, add up "
                            "its Internet lines. The portal's own words may differ.");
        for (size_t i = 0; i < x->n; i++) {
            row(m, x->questions[i].text, x->questions[i].answer, c);
        }
    }
    bw_doc_end(m->doc);
}
