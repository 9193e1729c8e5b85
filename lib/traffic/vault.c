/* SPDX-License-Identifier: GPL-3.0-or-later
 * vault.c - pages of their own by mmap, so that madvise() reaches nothing else. */
#include "vault.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    STRIDE = 256 /* pages asked about at once */
};

void *bw_vault_new(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        return NULL;
    }
    if (madvise(p, n, MADV_DONTDUMP) != 0) { /* a kernel built without dumps */
        (void)munmap(p, n);
        return NULL;
    }
    return p;
}

/* Only what has memory: to write to other pages would give them some. */
static void wipe(uint8_t *p, size_t n)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t at = 0; at < n; at += STRIDE * page) {
        unsigned char has[STRIDE];
        size_t here = n - at < STRIDE * page ? n - at : STRIDE * page;
        if (mincore(p + at, here, has) != 0) {
            explicit_bzero(p + at, here);
            continue;
        }
        for (size_t k = 0; k * page < here; k++) {
            size_t left = here - k * page;
            if (has[k] & 1) {
                explicit_bzero(p + at + k * page, left < page ? left : page);
            }
        }
    }
}

void bw_vault_wipe(void *p, size_t n)
{
    wipe(p, n);
    if (madvise(p, n, MADV_DONTNEED) != 0) {
        explicit_bzero(p, n); /* pages that were out on a swap device */
    }
}

void bw_vault_free(void *p, size_t n)
{
    if (p) {
        wipe(p, n);
        (void)munmap(p, n);
    }
}
