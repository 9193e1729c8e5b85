/* SPDX-License-Identifier: GPL-3.0-or-later
 * pdf.h - a document as pages: Letter or A4, embedded fonts, text that can be searched and
 * read aloud (tags, language, Alt of charts, headers of tables), "page n of m" in every
 * footer. The same document and options give the same bytes with the same fonts.
 *
 * Blocking, of about a second for a circuit-year. cairo and pango keep memory of their own
 * and may start a thread: in a daemon only in a process of its own. */
#ifndef BW_EVIDENCE_PDF_H
#define BW_EVIDENCE_PDF_H

#include <stdint.h>

struct bw_buf;
struct bw_doc;
struct bw_err;

enum bw_pdf_paper {
    BW_PDF_LETTER,
    BW_PDF_A4
};

enum {
    BW_PDF_BYTES_MAX = 64 * 1024 * 1024,
    BW_PDF_PAGES_MAX = 2000
};

struct bw_pdf_options {
    enum bw_pdf_paper paper;
    const char *footer;  /* whose report it is, in every footer; NULL: the title */
    int64_t made_unix_s; /* the file's date */
};

/* Appends the file. The document must be finished. -ENOENT: a font is missing (the sentence
 * says which package has it), -E2BIG, -ENOMEM, -EIO: a library refused. */
int bw_pdf(const struct bw_doc *d,
           const struct bw_pdf_options *o,
           struct bw_buf *out,
           struct bw_err *reterr);
/* The same with another folder of fonts, for tests; NULL: Debian's. */
int bw_pdf_with_fonts(const struct bw_doc *d,
                      const struct bw_pdf_options *o,
                      const char *fonts,
                      struct bw_buf *out,
                      struct bw_err *reterr);

#endif
