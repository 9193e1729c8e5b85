/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_bag.c - an archive that somebody hands in: any bytes are read without harm, and
 * what is read whole can be checked and packed again. */
#include <bag.h>
#include <bw/err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(void *owner, const char *member, const char *text)
{
    size_t *n = owner;
    *n += strlen(member) + strlen(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_bag *b = NULL;
    struct bw_err err = {""};
    char path[64];
    size_t n = 0;
    int fd = memfd_create("bag", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
        abort();
    }
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (bw_bag_open(path, &b, &err) == 0) {
        for (size_t i = 0; i < bw_bag_count(b); i++) {
            if (bw_bag_name_trouble(bw_bag_at(b, i)->name)) {
                abort();
            }
        }
        if (bw_bag_check(b, look, NULL, &n) < 0 || bw_bag_same_bytes(b, &err) < 0) {
            abort();
        }
        bw_bag_close(b);
    } else if (!err.text[0]) {
        abort();
    }
    (void)close(fd);
    return 0;
}
