/* SPDX-License-Identifier: GPL-3.0-or-later
 * vault.h - memory for what was seen in traffic: whole pages, zeroed, left out of core
 * dumps, wiped before they go back. */
#ifndef BW_VAULT_H
#define BW_VAULT_H

#include <stddef.h>

/* n bytes of zeroes, aligned to a page; NULL when there is no memory. Pages take real
 * memory only once they are written. */
void *bw_vault_new(size_t n);
void bw_vault_free(void *p, size_t n);
/* All zeroes again; pages never written stay without memory, the others give theirs back.
 */
void bw_vault_wipe(void *p, size_t n);

#endif
