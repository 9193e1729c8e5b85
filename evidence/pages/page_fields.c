/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_fields.c - every field that a record can hold.
 *
 * Invariant: the list is walked from the tables that write records; what is not in it was
 * not collected. */
#include "page_fields.h"

#include <doc.h>
#include <summary_fields.h>

static int field_row(void *owner, const struct bw_field *f)
{
    struct bw_doc *d = owner;

    bw_doc_row(d);
    bw_doc_put(d, f->path);
    bw_doc_put(d, f->meaning ? f->meaning : "–");
    bw_doc_put(d, f->unit[0] ? f->unit : "–");
    bw_doc_put(d, bw_field_from_text(f->from));
    return 0;
}

/* All that a record can hold: what is not here was not collected. */
void bw_sheet_fields(struct bw_doc *d)
{
    static const struct bw_doc_column columns[] = {{.name = "Field", .header = true},
                                                   {.name = "What it is"},
                                                   {.name = "Unit"},
                                                   {.name = "Where it comes from"}};

    bw_doc_section(d, "fields", "What is collected");
    bw_doc_para(d, BW_PARA_PLAIN);
    bw_doc_text(d,
                "The box writes one signed record for each interval. It holds the fields "
                "of this list and no others: no address, name or content of anything "
                "that users do. 'bandwitness privacy-check' proves that on the box's "
                "own files.");
    bw_doc_details(d, false);
    bw_doc_text(d, "Every field of a record");
    bw_doc_table(d, "field-list", BW_TABLE_TIGHT, columns, 4);
    (void)bw_summary_fields(field_row, d);
    bw_doc_end(d);
    bw_doc_end(d);
}
