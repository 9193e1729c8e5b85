/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_snmp_secrets.c - the file with what a device must be shown: read, or refused
 * without a word of what stands in it. */
#include "bw_test.h"

#include "secrets.h"

#include <bw/err.h>
#include <errno.h>
#include <file.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];

static int read_of(const char *text,
                   mode_t mode,
                   enum bw_snmp_version version,
                   struct bw_snmp_secrets *ret,
                   struct bw_err *err)
{
    assert_int_equal(bw_file_write(path, text, strlen(text), mode, err), 0);
    assert_int_equal(chmod(path, mode), 0);
    return bw_snmp_secrets_read(path, version, ret, err);
}

static void both_passphrases(void **state)
{
    struct bw_snmp_secrets s = {0};
    struct bw_err err = {""};
    (void)state;
    assert_int_equal(read_of("# of the edge\n\nauth long alder leaves\r\n"
                             "  privacy\tbirch-bark-white",
                             0600, BW_SNMP_V3, &s, &err),
                     0);
    assert_string_equal(s.auth, "long alder leaves");
    assert_string_equal(s.privacy, "birch-bark-white");
    bw_snmp_secrets_wipe(&s);
    assert_string_equal(s.auth, "");
}

static void a_community(void **state)
{
    struct bw_snmp_secrets s = {0};
    struct bw_err err = {""};
    (void)state;
    assert_int_equal(read_of("community heron\n", 0400, BW_SNMP_V2C, &s, &err), 0);
    assert_string_equal(s.community, "heron");
}

static void what_others_may_read_is_no_secret(void **state)
{
    static const mode_t modes[] = {0640, 0604, 0620, 0644};
    struct bw_snmp_secrets s = {0};
    struct bw_err err = {""};
    (void)state;
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        assert_int_equal(read_of("community heron\n", modes[i], BW_SNMP_V2C, &s, &err),
                         -EPERM);
        assert_non_null(strstr(err.text, "chmod 600"));
        assert_string_equal(s.community, "");
    }
    if (geteuid() == 0) { /* somebody else's file that we may read all the same */
        assert_int_equal(read_of("community heron\n", 0600, BW_SNMP_V2C, &s, &err), 0);
        assert_int_equal(chown(path, 1, 1), 0);
        assert_int_equal(bw_snmp_secrets_read(path, BW_SNMP_V2C, &s, &err), -EPERM);
        assert_int_equal(unlink(path), 0);
    }
}

static void nothing_of_it_is_said(void **state)
{
    static const char *const wrong[] = {
        "auth alderleaves\n",                /* no privacy */
        "auth alderleaves\nprivacy short\n", /* too short */
        "community alderleaves\n",           /* of the other version */
        "auth alderleaves\nprivacy alderleaves\nauth alderleaves\n", /* twice */
        "auth\n",
        "alderleaves\n",
        "auth alderleaves\nprivate alderleaves\n",
    };
    char large[5000];
    struct bw_snmp_secrets s = {0};
    struct bw_err err = {""};
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        assert_int_equal(read_of(wrong[i], 0600, BW_SNMP_V3, &s, &err), -EINVAL);
        assert_null(strstr(err.text, "alderleaves"));
        assert_null(strstr(err.text, "short"));
        assert_string_equal(s.auth, "");
    }
    (void)memset(large, 'x', sizeof(large));
    large[sizeof(large) - 1] = '\0';
    assert_int_equal(read_of(large, 0600, BW_SNMP_V3, &s, &err), -EINVAL);
    (void)memcpy(large, "community ", 10);
    large[300] = '\0';
    assert_int_equal(read_of(large, 0600, BW_SNMP_V2C, &s, &err), -EINVAL);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(bw_snmp_secrets_read(path, BW_SNMP_V3, &s, &err), -ENOENT);
    assert_int_equal(bw_snmp_secrets_read("/", BW_SNMP_V3, &s, &err), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_passphrases),
        cmocka_unit_test(a_community),
        cmocka_unit_test(what_others_may_read_is_no_secret),
        cmocka_unit_test(nothing_of_it_is_said),
    };
    int r;
    (void)snprintf(path, sizeof(path), "/tmp/bw-snmp-secrets-%ld", (long)getpid());
    r = cmocka_run_group_tests(tests, NULL, NULL);
    (void)unlink(path);
    return r;
}
