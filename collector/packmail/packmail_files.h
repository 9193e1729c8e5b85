/* SPDX-License-Identifier: GPL-3.0-or-later
 * packmail_files.h - the folder in which a pack was made: its files for a mail, and its
 * end. Any thread. */
#ifndef BW_PACKMAIL_FILES_H
#define BW_PACKMAIL_FILES_H

#include <mail.h>
#include <stddef.h>

struct bw_err;

enum {
    BW_MAILED_FILES = 40,
    BW_MAILED_BYTES = 10 * 1024 * 1024, /* together; a server takes 10 to 25 MB */
    BW_MAILED_NAME = 120
};

struct bw_mailed_files {
    struct bw_mail_file file[BW_MAILED_FILES];
    char name[BW_MAILED_FILES][BW_MAILED_NAME + 1];
    size_t n;
    size_t n_left; /* that did not fit: they are not in the mail */
};

/* The plain files of a folder and of the folders in it, by name: "s-4f9k2.wan-sizing.pdf".
 * The type is of all of them. -ENOENT: there is none. */
int bw_mailed_files_read(const char *folder,
                         const char *type,
                         struct bw_mailed_files *ret,
                         struct bw_err *reterr);
void bw_mailed_files_done(struct bw_mailed_files *f);

/* The folder with all that is in it; one that is not there is fine. */
void bw_mailed_remove(const char *folder);

#endif
