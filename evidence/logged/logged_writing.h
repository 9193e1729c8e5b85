/* SPDX-License-Identifier: GPL-3.0-or-later
 * logged_writing.h - what the two files that write share: logged_write.c (leaves),
 * logged_points.c (checkpoints and who else signed them). */
#ifndef BW_LOGGED_WRITING_H
#define BW_LOGGED_WRITING_H

#include "logged_private.h"

#include <buf.h>
#include <json.h>
#include <tile.h>

struct bw_tlog;

struct bw_logged_point { /* a checkpoint of the log */
    int64_t size;
    int64_t unix_s;
    int64_t n_cosigned;
    int64_t n_stamps;
    bool wanted;
};

struct bw_logged_place { /* of a record */
    int64_t position;
    int64_t leaf;
};

struct bw_logged_writing {
    const struct bw_logged_source *s;
    const struct bw_logged_things *t;
    bw_logged_file_cb file;
    void *owner;
    struct bw_err *err;
    struct bw_tlog *log;
    struct bw_tile_reader reader;
    struct bw_buf tile;
    char name[BW_NOTE_NAME_MAX + 1];
    struct bw_pubkey key;
    int64_t size; /* of the newest checkpoint */
    struct bw_logged_point *points;
    size_t n_points;
    size_t cap_points;
    struct bw_tree_part *parts;
    size_t n_parts;
    struct bw_logged_place *places;
    size_t n_places;
    struct bw_logged_other *others;
    size_t n_others;
    size_t cap_others;
    size_t n_before;
    struct bw_buf text; /* of the file that is being made */
    struct bw_jw json;
};

/* -ENOMEM, with its sentence. */
int bw_logged_no_memory(struct bw_logged_writing *w);
/* w->text as a file of the bag. */
int bw_logged_put(struct bw_logged_writing *w, const char *member);
/* Checkpoints, witnesses, stamps and log.json; the parts are sorted. */
int bw_logged_put_points(struct bw_logged_writing *w);

#endif
