/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_circuit.h - the page of one circuit, and what people say of it there: handlers of
 * routes. The owner is the collector. */
#ifndef BW_PAGE_CIRCUIT_H
#define BW_PAGE_CIRCUIT_H

struct bw_http_req;

/* /circuits/SITE.CIRCUIT?range=… */
void bw_page_circuit(void *owner, struct bw_http_req *req);
/* A form: from, to, cause, text, exclude. */
void bw_page_circuit_annotate(void *owner, struct bw_http_req *req);

#endif
