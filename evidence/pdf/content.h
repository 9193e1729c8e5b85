/* SPDX-License-Identifier: GPL-3.0-or-later
 * content.h - marks of artifacts in a page's content: each "/Private << /MCID n >> BDC"
 * that cairo wrote becomes "/Artifact BMC". Strings are skipped, so that no text can look
 * like a mark. Pure. Private to this folder. */
#ifndef BW_EVIDENCE_PDF_CONTENT_H
#define BW_EVIDENCE_PDF_CONTENT_H

#include <stddef.h>

struct bw_buf;

/* Appends the content with its marks changed. -EINVAL: a string has no end. */
int bw_pdf_artifacts(const char *content, size_t n, struct bw_buf *out);

#endif
