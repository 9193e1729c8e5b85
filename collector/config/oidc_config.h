/* SPDX-License-Identifier: GPL-3.0-or-later
 * oidc_config.h - the section of the collector's file that is about a directory which signs
 * people in by OpenID Connect. */
#ifndef BW_OIDC_CONFIG_H
#define BW_OIDC_CONFIG_H

#include <conf.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct bw_err;

struct bw_config_oidc {
    bool on; /* only where the file has the section */
    char issuer[501];
    char name[64]; /* as people call it */
    char client_id[256];
    char secret_file[PATH_MAX]; /* one of the two; the other is "" */
    char key_file[PATH_MAX];
    char ca_file[PATH_MAX]; /* "": the system's certificates */
    char scopes[256];       /* parted by spaces, openid among them */
    char user_claim[64];
    char groups_claim[64];
    char acr[128]; /* "": any */
    char amr[64];  /* "": any */
    int64_t recheck_ms;
    bool back; /* the provider sends people back after they signed out there */
};

/* `url` is the collector's own address, "" where it is not told; `out` is zeroed. */
int bw_oidc_config_read(const struct bw_conf_node *top,
                        const char *url,
                        struct bw_config_oidc *out,
                        struct bw_err *reterr);
bool bw_oidc_config_same(const struct bw_config_oidc *a, const struct bw_config_oidc *b);

/* For the schema. */
extern const struct bw_optspec bw_oidc_opts[];

#define BW_OIDC_SECTION                                                                    \
    {                                                                                      \
        .keyword = "oidc", .opts = bw_oidc_opts,                                           \
        .doc =                                                                             \
            "A directory that signs people in by OpenID Connect (docs/access.md): code "   \
            "flow with PKCE. At the directory the collector is a web application whose "   \
            "only redirect address is accounts' url with /oidc/back behind it, and "       \
            "whose back-channel logout address is the same with /oidc/logout. Sections "   \
            "group say what its groups may; local accounts stay."                          \
    }

#endif
