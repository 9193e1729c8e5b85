/* SPDX-License-Identifier: GPL-3.0-or-later
 * test_privacy_files.c - core files where the kernel was told to put them, and that what
 * could not be looked at is told. */
#include "bw_test.h"
#include "files.h"

#include <bw/err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NOBODY = 65534
};

static char folder[32];

static void write_file(const char *name, const void *bytes, size_t n)
{
    char path[200];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *f = fopen(path, "we");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static void write_core(const char *name, const char *of)
{
    char core[64] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    core[16] = 4;
    (void)snprintf(core + 40, sizeof(core) - 40, "%s", of);
    write_file(name, core, sizeof(core));
}

/* How many cores are found in the folder of this pattern, and the last one's name. */
static size_t cores(const char *pattern, char last[PATH_MAX])
{
    struct bw_excepted excepted = {0};
    struct bw_privacy_report report = {0};
    char state[400];
    char dumps[200];
    char file[200];
    size_t n = 0;
    (void)snprintf(dumps, sizeof(dumps), "%s/dumps/", folder);
    (void)snprintf(state, sizeof(state), "%s%s\n", dumps, pattern);
    write_file("pattern", state, strlen(state));
    (void)snprintf(state, sizeof(state), "%s/state", folder);
    (void)snprintf(file, sizeof(file), "%s/pattern", folder);
    const struct bw_privacy_params p = {.state_dir = state,
                                        .control_path = "/nonexistent.sock",
                                        .core_pattern = file,
                                        .excepted = &excepted};
    bw_privacy_check(&p, &report);
    for (size_t i = 0; i < report.n_found; i++) {
        const char *path = report.files[report.found[i].file].path;
        if (report.found[i].why == BW_FOUND_CORE &&
            strncmp(path, dumps, strlen(dumps)) == 0) {
            (void)snprintf(last, PATH_MAX, "%s", path + strlen(dumps));
            n++;
        }
    }
    bw_report_done(&report);
    bw_excepted_done(&excepted);
    return n;
}

static void make_folders(void)
{
    static const char *const names[] = {"state", "dumps"};
    char path[200];
    (void)snprintf(folder, sizeof(folder), "/tmp/bw-test-privacy-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chmod(folder, 0755), 0);
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
}

static void remove_all(const char *const *made, size_t n)
{
    char path[200];
    for (size_t i = 0; i < n; i++) {
        (void)snprintf(path, sizeof(path), "%s%s", folder, made[i]);
        assert_int_equal(remove(path), 0);
    }
}

static void cores_are_found_by_what_they_are(void **state)
{
    static const char *const made[] = {
        "/dumps/otherd.8", "/dumps/notes", "/dumps/daemon.7", "/dumps/core.9",
        "/dumps",          "/pattern",     "/state",          ""};
    char last[PATH_MAX] = "";
    (void)state;
    make_folders();
    write_core("dumps/otherd.8", "otherd");
    write_file("dumps/notes", "of bandwitness", 14);
    assert_int_equal(cores("%e.%p", last), 0);
    write_core("dumps/daemon.7", "bandwitnessd");
    assert_int_equal(cores("%e.%p", last), 1);
    assert_string_equal(last, "daemon.7");
    write_core("dumps/core.9",
               "bandwitnessd"); /* names are like a core's: so is each core */
    assert_int_equal(cores("core.%p", last), 1);
    assert_string_equal(last, "core.9");
    assert_int_equal(cores("%e.%p", last), 2);
    remove_all(made, sizeof(made) / sizeof(made[0]));
}

/* ---- what cannot be looked at -------------------------------------------------------- */

/* What a check without rights tells of this place of the folder; NULL: nothing. Lent until
 * the next call. */
static const char *told(const char *place, const char *core_pattern, const char *control)
{
    static char text[PATH_MAX + 200];
    struct bw_excepted excepted = {0};
    struct bw_privacy_report report = {0};
    char state[200];
    char begins[200];
    const char *ret = NULL;
    (void)snprintf(state, sizeof(state), "%s/state", folder);
    (void)snprintf(begins, sizeof(begins), "%s%s: ", folder, place);
    const struct bw_privacy_params p = {.state_dir = state,
                                        .control_path = control,
                                        .core_pattern = core_pattern,
                                        .excepted = &excepted};
    bool root = geteuid() == 0;
    assert_int_equal(root ? seteuid(NOBODY) : 0, 0);
    bw_privacy_check(&p, &report);
    assert_int_equal(root ? seteuid(0) : 0, 0);
    for (size_t i = 0; i < report.n_troubles; i++) {
        if (strncmp(report.troubles[i], begins, strlen(begins)) == 0) {
            assert_null(ret); /* once */
            (void)snprintf(text, sizeof(text), "%s", report.troubles[i] + strlen(begins));
            ret = text;
        }
    }
    bw_report_done(&report);
    bw_excepted_done(&excepted);
    return ret;
}

/* … where cores go into that folder of it. */
static const char *told_of_cores(const char *place, const char *cores_in)
{
    char text[200];
    char file[200];
    (void)snprintf(text, sizeof(text), "%s%s/%%e.%%p\n", folder, cores_in);
    write_file("pattern", text, strlen(text));
    (void)snprintf(file, sizeof(file), "%s/pattern", folder);
    return told(place, file, "/nonexistent.sock");
}

static void set_mode(const char *name, mode_t mode)
{
    char path[200];
    (void)snprintf(path, sizeof(path), "%s%s", folder, name);
    assert_int_equal(chmod(path, mode), 0);
}

#define AS_ROOT "Permission denied, and core files may be there: run as root"

static void cores_that_cannot_be_looked_at_are_told(void **state)
{
    static const char *const made[] = {"/dumps/daemon.7", "/dumps", "/round",
                                       "/pattern",        "/state", ""};
    char path[200];
    (void)state;
    make_folders();
    write_core("dumps/daemon.7", "bandwitnessd");
    set_mode("/dumps", 0755);
    assert_null(told_of_cores("/dumps", "/dumps"));
    assert_null(told_of_cores("/dumps/daemon.7", "/dumps"));
    assert_null(told_of_cores("/gone", "/gone"));
    assert_null(told_of_cores("/pattern/in", "/pattern/in"));
    set_mode("/dumps/daemon.7", 0);
    assert_string_equal(told_of_cores("/dumps/daemon.7", "/dumps"), AS_ROOT);
    set_mode("/dumps/daemon.7", 0644);
    set_mode("/dumps", 0444); /* names can be had, and nothing else */
    assert_string_equal(told_of_cores("/dumps/daemon.7", "/dumps"), AS_ROOT);
    set_mode("/dumps", 0);
    assert_string_equal(told_of_cores("/dumps", "/dumps"), AS_ROOT);
    set_mode("/dumps", 0700);
    (void)snprintf(path, sizeof(path), "%s/round", folder);
    assert_int_equal(symlink("round", path), 0);
    assert_non_null(strstr(told_of_cores("/round", "/round"), "symbolic links"));
    assert_non_null(strstr(told_of_cores("/dumps/%u", "/dumps/%u"), "by --also"));
    remove_all(made, sizeof(made) / sizeof(made[0]));
}

static void a_pattern_that_cannot_be_read_is_told(void **state)
{
    static const char *const made[] = {"/pattern", "/dumps", "/state", ""};
    char path[200];
    (void)state;
    make_folders();
    assert_null(told_of_cores("/pattern", "/dumps/in"));
    set_mode("/pattern", 0);
    (void)snprintf(path, sizeof(path), "%s/pattern", folder);
    assert_string_equal(told("/pattern", path, "/nonexistent.sock"), AS_ROOT);
    set_mode("/pattern", 0644);
    /* A kernel that writes none has the folder, but not the file. */
    (void)snprintf(path, sizeof(path), "%s/none", folder);
    assert_null(told("/none", path, "/nonexistent.sock"));
    (void)snprintf(path, sizeof(path), "%s/proc/none", folder);
    assert_non_null(told("/proc/none", path, "/nonexistent.sock"));
    remove_all(made, sizeof(made) / sizeof(made[0]));
}

static void a_socket_that_cannot_be_seen_is_told(void **state)
{
    static const char *const made[] = {"/dumps/in", "/dumps", "/state", ""};
    char path[200];
    (void)state;
    make_folders();
    (void)snprintf(path, sizeof(path), "%s/dumps/in", folder);
    assert_int_equal(mkdir(path, 0755), 0);
    (void)snprintf(path, sizeof(path), "%s/dumps/in/control.sock", folder);
    set_mode("/dumps", 0);
    assert_non_null(told("/dumps/in/control.sock", "/nonexistent", path));
    set_mode("/dumps", 0755);
    assert_null(told("/dumps/in/control.sock", "/nonexistent", path));
    remove_all(made, sizeof(made) / sizeof(made[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cores_are_found_by_what_they_are),
        cmocka_unit_test(cores_that_cannot_be_looked_at_are_told),
        cmocka_unit_test(a_pattern_that_cannot_be_read_is_told),
        cmocka_unit_test(a_socket_that_cannot_be_seen_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
