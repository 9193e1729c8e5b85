/* SPDX-License-Identifier: GPL-3.0-or-later
 * oidc_config.c - the directory, as the file says it. */
#include "oidc_config.h"

#include <bw/err.h>
#include <errno.h>
#include <oidc_meta.h>
#include <stdio.h>
#include <string.h>

const struct bw_optspec bw_oidc_opts[] = {
    {.name = "issuer",
     .type = BW_OPT_STRING,
     .min = 8,
     .max = 500,
     .def = NULL,
     .doc =
         "The directory's issuer, exactly as it calls itself, for instance "
         "https://login.alder.example/realms/staff. https, but for one on this machine."},
    {.name = "name",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 60,
     .def = "your directory",
     .doc = "What people call it; it stands on the button for signing in."},
    {.name = "client_id",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 255,
     .def = NULL,
     .doc = "The collector's name at the directory."},
    {.name = "secret_file",
     .type = BW_OPT_STRING,
     .max = 4000,
     .def = "",
     .doc = "A file whose first line is the client's secret, sent by client_secret_basic "
            "where the directory takes it, else by client_secret_post. Others on this "
            "machine must not be able to read it."},
    {.name = "key_file",
     .type = BW_OPT_STRING,
     .max = 4000,
     .def = "",
     .doc =
         "In the place of a secret: a private JWK (P-256 or Ed25519) for "
         "private_key_jwt. Its public half, which the directory must know, stands in the "
         "log at each start."},
    {.name = "ca_file",
     .type = BW_OPT_STRING,
     .max = 4000,
     .def = "",
     .doc = "PEM file of certificates to trust there; not set: the system's."},
    {.name = "scopes",
     .type = BW_OPT_STRING,
     .min = 6,
     .max = 250,
     .def = "openid profile",
     .doc = "What is asked for, parted by spaces; some directories tell groups only where "
            "a scope for them stands here."},
    {.name = "user_claim",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 60,
     .def = "preferred_username",
     .doc = "The claim with a person's name, as pages and statements have it. Who somebody "
            "is, is told by sub alone."},
    {.name = "groups_claim",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 60,
     .def = "groups",
     .doc = "The claim with a person's groups: a list of texts, or one text that is one "
            "group. Taken from the ID token, else from the userinfo endpoint."},
    {.name = "acr",
     .type = BW_OPT_STRING,
     .max = 120,
     .def = "",
     .doc = "What the ID token's acr must be; it is asked for, too. Not set: anything."},
    {.name = "amr",
     .type = BW_OPT_STRING,
     .max = 60,
     .def = "",
     .doc =
         "What must be among the ID token's amr, for instance mfa or otp (RFC 8176). Not "
         "set: a second factor is the directory's affair alone."},
    {.name = "recheck",
     .type = BW_OPT_DURATION,
     .min = 1000,
     .max = 3600000,
     .def = "5min",
     .doc =
         "A page that is asked for so long after the directory was last asked goes by it "
         "again, unseen; after twice as long nothing is answered before that. So long "
         "somebody who lost a group, or left, may still look where the directory sends "
         "no logout."},
    {.name = "return_after_logout",
     .type = BW_OPT_BOOL,
     .def = "no",
     .doc = "Ask the directory to send people back to accounts' url with /sign-in behind "
            "it, which must be registered there, once they signed out of it."},
    {.type = BW_OPT_END},
};

/* Words without quotes and control characters, parted by single spaces. */
static bool are_words(const char *text)
{
    for (const char *c = text; *c; c++) {
        if (*c < ' ' || *c > '~' || *c == '"' || *c == '\\' ||
            (*c == ' ' && (c == text || c[1] == ' ' || !c[1]))) {
            return false;
        }
    }
    return true;
}

static bool among(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *c = words; *c; c += strspn(c, " ")) {
        size_t len = strcspn(c, " ");
        if (len == n && strncmp(c, word, n) == 0) {
            return true;
        }
        c += len;
    }
    return false;
}

static void take(char *out, size_t cap, const struct bw_conf_node *at, const char *name)
{
    (void)snprintf(out, cap, "%s", bw_conf_str(at, name));
}

static int check(const struct bw_conf_node *at,
                 const char *url,
                 const struct bw_config_oidc *o,
                 struct bw_err *reterr)
{
    if (bw_oidc_url_check(o->issuer, true) < 0 || strchr(o->issuer, '?')) {
        return bw_conf_fault(at, "issuer", reterr,
                             "\"%s\" is no issuer: an https address without a query "
                             "(http to 127.0.0.1, [::1] and localhost only)",
                             o->issuer);
    }
    if (bw_oidc_url_check(url, true) < 0) {
        return bw_conf_fault(at, NULL, reterr,
                             "set url in section accounts to the collector's https "
                             "address: the directory sends people back to it");
    }
    if ((o->secret_file[0] == '\0') == (o->key_file[0] == '\0')) {
        return bw_conf_fault(at, NULL, reterr,
                             "set one of secret_file and key_file: the collector proves "
                             "to the directory who it is");
    }
    const char *file = o->secret_file[0] ? o->secret_file : o->key_file;
    if (file[0] != '/') {
        return bw_conf_fault(at, o->secret_file[0] ? "secret_file" : "key_file", reterr,
                             "\"%s\" must begin with /", file);
    }
    if (!are_words(o->scopes) || !among(o->scopes, "openid")) {
        return bw_conf_fault(at, "scopes", reterr,
                             "\"%s\": words parted by one space, openid among them",
                             o->scopes);
    }
    if (!are_words(o->client_id) || !are_words(o->acr) || !are_words(o->amr)) {
        return bw_conf_fault(at, NULL, reterr,
                             "client_id, acr and amr are of ASCII without quotes");
    }
    return 0;
}

int bw_oidc_config_read(const struct bw_conf_node *top,
                        const char *url,
                        struct bw_config_oidc *out,
                        struct bw_err *reterr)
{
    const struct bw_conf_node *at = bw_conf_child(top, "oidc", 0);
    if (!at) {
        return 0;
    }
    out->on = true;
    take(out->issuer, sizeof(out->issuer), at, "issuer");
    take(out->name, sizeof(out->name), at, "name");
    take(out->client_id, sizeof(out->client_id), at, "client_id");
    take(out->secret_file, sizeof(out->secret_file), at, "secret_file");
    take(out->key_file, sizeof(out->key_file), at, "key_file");
    take(out->ca_file, sizeof(out->ca_file), at, "ca_file");
    take(out->scopes, sizeof(out->scopes), at, "scopes");
    take(out->user_claim, sizeof(out->user_claim), at, "user_claim");
    take(out->groups_claim, sizeof(out->groups_claim), at, "groups_claim");
    take(out->acr, sizeof(out->acr), at, "acr");
    take(out->amr, sizeof(out->amr), at, "amr");
    out->recheck_ms = bw_conf_int(at, "recheck");
    out->back = bw_conf_bool(at, "return_after_logout");
    if (bw_conf_count(top, "group") == 0) {
        return bw_conf_fault(at, NULL, reterr,
                             "without a section group nobody of the directory may see "
                             "anything");
    }
    return check(at, url, out, reterr);
}

bool bw_oidc_config_same(const struct bw_config_oidc *a, const struct bw_config_oidc *b)
{
    return a->on == b->on && strcmp(a->issuer, b->issuer) == 0 &&
           strcmp(a->name, b->name) == 0 && strcmp(a->client_id, b->client_id) == 0 &&
           strcmp(a->secret_file, b->secret_file) == 0 &&
           strcmp(a->key_file, b->key_file) == 0 && strcmp(a->ca_file, b->ca_file) == 0 &&
           strcmp(a->scopes, b->scopes) == 0 && strcmp(a->user_claim, b->user_claim) == 0 &&
           strcmp(a->groups_claim, b->groups_claim) == 0 && strcmp(a->acr, b->acr) == 0 &&
           strcmp(a->amr, b->amr) == 0 && a->recheck_ms == b->recheck_ms &&
           a->back == b->back;
}
