/* SPDX-License-Identifier: GPL-3.0-or-later
 * report_pdf.h - the PDF of a report or pack. */
#ifndef BW_CLI_REPORT_PDF_H
#define BW_CLI_REPORT_PDF_H

#include "report_work.h"

struct bw_doc;

/* Write the document as STEM.pdf where that form was asked for, with the circuit, the place
 * and the period of w's report in every footer (of a page of many its title). 0, or the
 * exit status after a sentence about what went wrong. */
int bw_report_pdf_write(const struct bw_report_asked *a,
                        const struct bw_report_work *w,
                        const char *stem,
                        bool of_many,
                        const struct bw_doc *doc);
/* The same of the whole report. */
int bw_report_pdf_whole(const struct bw_report_asked *a, const struct bw_report_work *w);

#endif
