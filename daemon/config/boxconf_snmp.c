/* SPDX-License-Identifier: GPL-3.0-or-later
 * boxconf_snmp.c - a circuit's section `snmp`: which device, which of its interfaces, and
 * how it is asked. */
#include "boxconf.h"
#include "boxconf_schema.h"

#include <bw/err.h>
#include <conf.h>
#include <stdio.h>
#include <string.h>

static const char *const version_words[] = {"v3", "v2c", NULL};

const struct bw_optspec bw_boxconf_snmp_opts[] = {
    {.name = "address",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 255,
     .def = NULL,
     .flags = BW_OPT_ADDRESS,
     .doc = "The edge device: an IP address, or a name that has an IPv4 address."},
    {.name = "port",
     .type = BW_OPT_INT,
     .min = 1,
     .max = 65535,
     .def = "161",
     .doc = "Its UDP port."},
    {.name = "interface",
     .type = BW_OPT_STRING,
     .max = BW_SNMP_NAME_MAX,
     .def = "",
     .doc = "The device's own name (ifName) of the interface that carries exactly this "
            "circuit's traffic, as in \"ge-0/0/0\". It is looked for again whenever its "
            "number changes."},
    {.name = "alias",
     .type = BW_OPT_STRING,
     .max = BW_SNMP_NAME_MAX,
     .def = "",
     .doc = "In its place: the description (ifAlias) that somebody gave the interface."},
    {.name = "version",
     .type = BW_OPT_ENUM,
     .words = version_words,
     .def = "v3",
     .doc = "v3 is signed and encrypted. v2c sends its community and the counts for "
            "anybody on the way to read and to forge: only where a device cannot do v3."},
    {.name = "user",
     .type = BW_OPT_STRING,
     .max = BW_SNMP_USER_MAX,
     .def = "",
     .doc = "The user of v3, with both passphrases; it needs to read system, ifTable and "
            "ifXTable, nothing else."},
    {.name = "auth",
     .type = BW_OPT_ENUM,
     .words = bw_snmp_auth_words,
     .def = "sha256",
     .doc = "How v3 signs."},
    {.name = "privacy",
     .type = BW_OPT_ENUM,
     .words = bw_snmp_privacy_words,
     .def = "aes128",
     .doc = "How v3 encrypts."},
    {.name = "secrets",
     .type = BW_OPT_STRING,
     .min = 1,
     .max = 1023,
     .def = NULL,
     .doc = "A file that belongs to the daemon's user and that nobody else may read (mode "
            "600), with lines \"auth PASSPHRASE\" and \"privacy PASSPHRASE\", or "
            "\"community NAME\"."},
    {.name = "every",
     .type = BW_OPT_DURATION,
     .min = BW_SNMP_EVERY_MIN_MS,
     .max = BW_SNMP_EVERY_MAX_MS,
     .def = "1s",
     .doc = "How often the device is asked. How often its counts change is found out."},
    {.name = "program",
     .type = BW_OPT_STRING,
     .max = 1023,
     .def = "",
     .doc = "The program that asks. Not set: bandwitness-snmp beside bandwitnessd."},
    {.type = BW_OPT_END},
};

static void copy_text(char *to, size_t cap, const char *from)
{
    (void)snprintf(to, cap, "%s", from);
}

int bw_boxconf_read_snmp(struct bw_boxconf_circuit *c,
                         const struct bw_conf_node *circuit,
                         struct bw_err *reterr)
{
    const struct bw_conf_node *at = bw_conf_child(circuit, "snmp", 0);
    struct bw_snmp_job *j = &c->snmp.job;
    if (c->source != BW_SOURCE_SNMP) {
        return !at ? 0
                   : bw_conf_fault(at, NULL, reterr,
                                   "this section is for source = snmp: say so, or drop it");
    }
    if (!at) {
        return bw_conf_fault(circuit, "source", reterr,
                             "source = snmp needs a section snmp { … } that names the "
                             "device");
    }
    const char *name = bw_conf_str(at, "interface");
    const char *alias = bw_conf_str(at, "alias");
    const char *program = bw_conf_str(at, "program");
    if (!name[0] == !alias[0]) {
        return bw_conf_fault(at, name[0] ? "alias" : NULL, reterr,
                             "name the interface by 'interface' (its ifName) or by 'alias' "
                             "(its ifAlias), one of them");
    }
    j->version = (enum bw_snmp_version)bw_conf_int(at, "version");
    if (j->version == BW_SNMP_V3 && !bw_conf_str(at, "user")[0]) {
        return bw_conf_fault(at, "user", reterr, "version v3 needs a 'user'");
    }
    if (bw_conf_str(at, "secrets")[0] != '/') {
        return bw_conf_fault(at, "secrets", reterr, "'secrets' must start with /");
    }
    if (program[0] && program[0] != '/') {
        return bw_conf_fault(at, "program", reterr, "'program' must start with /");
    }
    copy_text(j->address, sizeof(j->address), bw_conf_str(at, "address"));
    j->port = bw_conf_int(at, "port");
    copy_text(j->user, sizeof(j->user), bw_conf_str(at, "user"));
    j->auth = (enum bw_snmp_auth)bw_conf_int(at, "auth");
    j->privacy = (enum bw_snmp_privacy)bw_conf_int(at, "privacy");
    copy_text(j->secrets, sizeof(j->secrets), bw_conf_str(at, "secrets"));
    j->by_alias = alias[0] != '\0';
    copy_text(j->name, sizeof(j->name), alias[0] ? alias : name);
    j->every_ms = bw_conf_int(at, "every");
    copy_text(c->snmp.program, sizeof(c->snmp.program), program);
    return 0;
}

static bool same_job(const struct bw_snmp_job *a, const struct bw_snmp_job *b)
{
    return strcmp(a->address, b->address) == 0 && a->port == b->port &&
           a->version == b->version && strcmp(a->user, b->user) == 0 &&
           a->auth == b->auth && a->privacy == b->privacy &&
           strcmp(a->secrets, b->secrets) == 0 && a->by_alias == b->by_alias &&
           strcmp(a->name, b->name) == 0 && a->every_ms == b->every_ms;
}

/* The interface that a mirror comes in by; "": none does. */
static const char *mirror_port(const struct bw_boxconf_circuit *c)
{
    return c->vantage == BW_VANTAGE_MIRROR && c->capture.what != BW_BOXCONF_CAPTURE_OFF
               ? c->capture.interface
               : "";
}

bool bw_boxconf_same_counters(const struct bw_boxconf_circuit *a,
                              const struct bw_boxconf_circuit *b)
{
    return a->source == b->source && strcmp(a->interface, b->interface) == 0 &&
           a->port_bps == b->port_bps && strcmp(mirror_port(a), mirror_port(b)) == 0 &&
           a->faces_school == b->faces_school && same_job(&a->snmp.job, &b->snmp.job) &&
           strcmp(a->snmp.program, b->snmp.program) == 0;
}
