/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_fields.h - what is collected, as a section of a page. By itself: a claim has fields
 * of another kind, under the same name. */
#ifndef BW_EVIDENCE_PAGE_FIELDS_H
#define BW_EVIDENCE_PAGE_FIELDS_H

struct bw_doc;

void bw_sheet_fields(struct bw_doc *d);

#endif
