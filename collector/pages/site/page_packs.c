/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_packs.c - a circuit's packs, by funding year and purpose. */
#include "page_packs.h"

#include <page_parts.h>

#include <buf.h>
#include <bw/units.h>
#include <civil.h>
#include <stddef.h>
#include <stdio.h>
#include <text.h>

enum {
    YEARS_MAX = 10,
    JULY = 7,
    DAY_S = 86400
};

static const struct {
    const char *name;
    const char *words;
} packs[] = {{"sizing", "How fast the next line has to be (before Form 470)"},
             {"pia", "Answers for Program Integrity Assurance"},
             {"invoice", "What was delivered, month by month"},
             {"delivery", "Whether the provider delivered"},
             {"audit", "Everything on record"}};

/* 1 July 2026 to 30 June 2027 is 2026, by UTC: near enough to choose from. */
static int funding_year(int64_t unix_s)
{
    int year;
    int month;
    int day;

    bw_civil_from_days(unix_s / DAY_S, &year, &month, &day);
    return month >= JULY ? year : year - 1;
}

static void write_year(struct bw_buf *b, const char *site, const char *circuit, int year)
{
    static const char *const formats[] = {"html", "pdf", "csv", "json"};
    static const char *const names[] = {"page", "PDF", "CSV", "JSON"};
    char label[160];

    bw_buf_printf(b, "<h4>Funding year %d</h4>", year);
    (void)snprintf(label, sizeof(label), "Packs of %.100s for funding year %d", circuit,
                   year);
    bw_page_table_begin(b, label,
                        "<th scope=\"col\">Pack</th><th scope=\"col\">What for</th>"
                        "<th scope=\"col\">As</th>");
    for (size_t i = 0; i < sizeof(packs) / sizeof(packs[0]); i++) {
        bw_buf_printf(b, "<tr><th scope=\"row\">%s</th><td>%s</td><td>", packs[i].name,
                      packs[i].words);
        for (size_t k = 0; k < sizeof(formats) / sizeof(formats[0]); k++) {
            bw_buf_puts(b, k ? ", <a href=\"/api/v1/circuits/"
                             : "<a href=\"/api/v1/circuits/");
            bw_text_url(b, site);
            bw_buf_putc(b, '.');
            bw_text_url(b, circuit);
            bw_buf_printf(b,
                          "/pack?for=%s&amp;year=FY%d&amp;format=%s\" aria-label=\"%s: %s, "
                          "FY%d\">%s</a>",
                          packs[i].name, year, formats[k], names[k], packs[i].name, year,
                          names[k]);
        }
        bw_buf_puts(b, "</td></tr>");
    }
    bw_page_table_end(b);
}

void bw_page_packs(struct bw_buf *b,
                   const char *site,
                   const char *circuit,
                   int64_t first_unix_s,
                   int64_t now_unix_s)
{
    int last = funding_year(now_unix_s);
    int first = first_unix_s == BW_UNKNOWN ? last : funding_year(first_unix_s);

    first = first > last ? last : first;
    first = first < last - YEARS_MAX + 1 ? last - YEARS_MAX + 1 : first;
    bw_buf_puts(b, "<h3>Packs: evidence for a purpose</h3>"
                   "<p class=\"small\">Claimed, delivered and used over a funding year (1 "
                   "July to 30 June), computed from the signed records when somebody asks: "
                   "that can take some seconds.</p>");
    write_year(b, site, circuit, last);
    if (first < last) {
        bw_buf_puts(b, "<details><summary>Earlier funding years</summary>");
        for (int year = last - 1; year >= first; year--) {
            write_year(b, site, circuit, year);
        }
        bw_buf_puts(b, "</details>");
    }
}
