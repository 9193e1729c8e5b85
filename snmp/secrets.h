/* SPDX-License-Identifier: GPL-3.0-or-later
 * secrets.h - the file with what the device must be shown: a word and its value a line,
 *
 *     auth PASSPHRASE
 *     privacy PASSPHRASE
 *     community NAME
 *
 * A file that anybody but its owner can read or write is refused: it is no secret. */
#ifndef BW_SNMP_SECRETS_H
#define BW_SNMP_SECRETS_H

#include <snmpline.h>

struct bw_err;

enum {
    BW_SNMP_SECRET_MIN = 8, /* RFC 3414 §11.2 */
    BW_SNMP_SECRET_MAX = 255
};

struct bw_snmp_secrets {
    char auth[BW_SNMP_SECRET_MAX + 1];
    char privacy[BW_SNMP_SECRET_MAX + 1];
    char community[BW_SNMP_SECRET_MAX + 1];
};

/* All that this version needs. -EPERM: others may read it; -EINVAL: a line is missing or
 * wrong. The sentence never shows a value. Blocking. */
int bw_snmp_secrets_read(const char *path,
                         enum bw_snmp_version version,
                         struct bw_snmp_secrets *ret,
                         struct bw_err *reterr);
/* Overwrite what was read. */
void bw_snmp_secrets_wipe(struct bw_snmp_secrets *s);

#endif
