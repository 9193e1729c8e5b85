/* SPDX-License-Identifier: GPL-3.0-or-later
 * log_config.h - the sections of the collector's file that are about its log, its witnesses
 * and those that it witnesses. */
#ifndef BW_LOG_CONFIG_H
#define BW_LOG_CONFIG_H

#include <conf.h>
#include <limits.h>
#include <note.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_err;

enum {
    BW_WITNESSES_MAX = 8,
    BW_WITNESSED_MAX = 32,
    BW_STAMPERS_MAX = 4
};

struct bw_config_witness { /* who is asked to sign our checkpoints */
    char url[512];
    char ca_file[PATH_MAX]; /* "": the system's certificates */
    struct bw_note_key key; /* of kind BW_NOTE_WITNESS */
};

struct bw_config_stamper { /* an RFC 3161 time stamper */
    char url[512];
    char ca_file[PATH_MAX];
};

struct bw_config_log {
    char name[BW_NOTE_NAME_MAX + 1]; /* "": made of the key */
    int64_t checkpoint_every_ms;
    char witness_name[BW_NOTE_NAME_MAX + 1]; /* "": made of the key */
    struct bw_config_witness witnesses[BW_WITNESSES_MAX];
    size_t n_witnesses;
    struct bw_note_key witnessed[BW_WITNESSED_MAX]; /* logs whose checkpoints we sign */
    size_t n_witnessed;
    struct bw_config_stamper stampers[BW_STAMPERS_MAX];
    size_t n_stampers;
};

/* `out` is zeroed. */
int bw_log_config_read(const struct bw_conf_node *top,
                       struct bw_config_log *out,
                       struct bw_err *reterr);
bool bw_log_config_same(const struct bw_config_log *a, const struct bw_config_log *b);

/* For the schema. */
extern const struct bw_optspec bw_transparency_opts[];
extern const struct bw_optspec bw_witness_opts[];
extern const struct bw_optspec bw_witnessed_opts[];
extern const struct bw_optspec bw_stamper_opts[];

#define BW_LOG_SECTIONS                                                                    \
    {.keyword = "transparency",                                                            \
     .flags = BW_CONF_ALWAYS,                                                              \
     .opts = bw_transparency_opts,                                                         \
     .doc = "The transparency log (docs/log-v1.md): what was taken in cannot be changed "  \
            "without its checkpoints telling."},                                           \
        {.keyword = "witness",                                                             \
         .flags = BW_CONF_TITLED,                                                          \
         .opts = bw_witness_opts,                                                          \
         .doc = "A witness outside of this administration that is asked to sign each "     \
                "checkpoint (C2SP tlog-witness), for instance another state's collector; " \
                "at most 8."},                                                             \
        {.keyword = "witnessed",                                                           \
         .flags = BW_CONF_TITLED,                                                          \
         .opts = bw_witnessed_opts,                                                        \
         .doc = "A log whose checkpoints this collector signs as a witness, at "           \
                "/log/witness/add-checkpoint, if each continues the one before; at most "  \
                "32."},                                                                    \
    {                                                                                      \
        .keyword = "time_stamp", .flags = BW_CONF_TITLED, .opts = bw_stamper_opts,         \
        .doc =                                                                             \
            "An RFC 3161 time stamper that is asked for a stamp on each checkpoint; at "   \
            "most 4."                                                                      \
    }

#endif
