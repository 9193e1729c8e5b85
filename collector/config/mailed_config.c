/* SPDX-License-Identifier: GPL-3.0-or-later
 * mailed_config.c - sections of packs that are mailed, checked: of what, to whom. */
#include "alerts_config.h"

#include <bw/err.h>
#include <errno.h>
#include <mail.h>
#include <stdio.h>
#include <string.h>

enum {
    AFTER_MAX = 60 /* days */
};

static const char *const purpose_words[] = {"sizing", "pia",         "invoice", "delivery",
                                            "audit",  "legislature", NULL};
static const char *const format_words[] = {"pdf", "html", "csv", "json", NULL};
static const char *const paper_words[] = {"letter", "a4", NULL};
static const char *const every_words[] = {"week", "month", "year", NULL};

/* In the order of enum bw_mailed_what. */
static const char *const what_words[] = {"circuit", "school", "district", "consortium"};

#define PLACE(word, text)                                                                  \
    {                                                                                      \
        .name = (word), .type = BW_OPT_STRING, .max = BW_CONFIG_PLACE_MAX, .def = "",      \
        .doc = (text)                                                                      \
    }

const struct bw_optspec bw_mailed_opts[] = {
    {.name = "for",
     .type = BW_OPT_ENUM,
     .words = purpose_words,
     .def = NULL,
     .doc = "What the pack is for."},
    PLACE("circuit", "Of which circuit, as SITE.CIRCUIT."),
    PLACE("school", "Or of all at a school, by its id."),
    PLACE("district", "Or of all of a district, by its id."),
    PLACE("consortium", "Or of all of a consortium. None of the four: of every circuit."),
    {.name = "every",
     .type = BW_OPT_ENUM,
     .words = every_words,
     .def = "month",
     .doc = "How long its period is: a week from Monday on, a month, a funding year."},
    {.name = "after",
     .type = BW_OPT_INT,
     .min = 0,
     .max = AFTER_MAX,
     .def = "8",
     .doc =
         "So many days after its period it is made, at digest_at. Reports are provisional "
         "for seven days."},
    {.name = "format",
     .type = BW_OPT_ENUM,
     .words = format_words,
     .def = "pdf",
     .doc = "The form of its files."},
    {.name = "paper",
     .type = BW_OPT_ENUM,
     .words = paper_words,
     .def = "letter",
     .doc = "The paper of a PDF."},
    {.name = "title",
     .type = BW_OPT_STRING,
     .max = 120,
     .def = "",
     .doc = "What it is called in the mail; not set: the section's name."},
    {.name = "to",
     .type = BW_OPT_STRING,
     .min = 3,
     .max = 2000,
     .def = NULL,
     .doc = "To whom, as NAME@DOMAIN; up to eight with blanks between them."},
    {.type = BW_OPT_END}};

static int
read_to(const struct bw_conf_node *at, struct bw_config_mailed *out, struct bw_err *reterr)
{
    const char *text = bw_conf_str(at, "to");

    for (text += strspn(text, " ,"); *text; text += strspn(text, " ,")) {
        size_t n = strcspn(text, " ,");
        if (out->n_to == BW_MAILED_TO_MAX) {
            return bw_conf_fault(at, "to", reterr, "at most %d addresses",
                                 BW_MAILED_TO_MAX);
        }
        char *to = out->to[out->n_to++];
        (void)snprintf(to, sizeof(out->to[0]), "%.*s", (int)(n < 255 ? n : 255), text);
        if (n > BW_MAIL_ADDRESS_MAX || !bw_mail_address_fits(to)) {
            return bw_conf_fault(at, "to", reterr, "\"%.*s\" is no address as NAME@DOMAIN",
                                 (int)n, text);
        }
        text += n;
    }
    return out->n_to > 0 ? 0 : bw_conf_fault(at, "to", reterr, "it names nobody");
}

int bw_mailed_config_read(const struct bw_conf_node *at,
                          struct bw_config_mailed *out,
                          struct bw_err *reterr)
{
    const char *purpose = purpose_words[bw_conf_int(at, "for")];
    size_t n = 0;

    out->what = BW_MAILED_ALL;
    for (int i = 0; i < BW_MAILED_ALL; i++) {
        const char *id = bw_conf_str(at, what_words[i]);
        if (!id[0]) {
            continue;
        }
        if (strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                       "0123456789._:-") != strlen(id) ||
            id[0] == '-') {
            return bw_conf_fault(at, what_words[i], reterr,
                                 "\"%s\" is no id: letters, digits, '.', '_', ':' and '-'",
                                 id);
        }
        (void)snprintf(out->of, sizeof(out->of), "%s", id);
        out->what = (enum bw_mailed_what)i;
        n++;
    }
    (void)snprintf(out->name, sizeof(out->name), "%.63s", bw_conf_title(at));
    (void)snprintf(out->title, sizeof(out->title), "%s",
                   bw_conf_str(at, "title")[0] ? bw_conf_str(at, "title") : out->name);
    (void)snprintf(out->purpose, sizeof(out->purpose), "%s", purpose);
    (void)snprintf(out->format, sizeof(out->format), "%s",
                   format_words[bw_conf_int(at, "format")]);
    (void)snprintf(out->paper, sizeof(out->paper), "%s",
                   paper_words[bw_conf_int(at, "paper")]);
    out->every = (int)bw_conf_int(at, "every");
    out->after_days = bw_conf_int(at, "after");
    if (n > 1) {
        return bw_conf_fault(at, NULL, reterr,
                             "only one of circuit, school, district and consortium");
    }
    if (strcmp(purpose, "legislature") == 0 && out->what == BW_MAILED_CIRCUIT) {
        return bw_conf_fault(at, "circuit", reterr, "legislature is of many circuits");
    }
    return read_to(at, out, reterr);
}
