/* SPDX-License-Identifier: GPL-3.0-or-later
 * replay_main.c - runs a fuzz target over every file of a corpus folder, so that the
 * seeds and past findings are replayed by every compiler in ctest. Fails when the folder
 * is empty: a replay of nothing proves nothing. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
    FILE *f = fopen(path, "rbe");
    struct stat st;
    uint8_t *data;
    size_t size;
    if (!f || fstat(fileno(f), &st) != 0) {
        perror(path);
        if (f) {
            (void)fclose(f);
        }
        return -1;
    }
    size = (size_t)st.st_size;
    data = malloc(size ? size : 1);
    if (!data || fread(data, 1, size, f) != size) {
        perror(path);
        free(data);
        (void)fclose(f);
        return -1;
    }
    (void)fclose(f);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 0;
}

int main(int argc, char **argv)
{
    int n = 0;
    for (int i = 1; i < argc; i++) {
        DIR *d = opendir(argv[i]);
        struct dirent *e;
        if (!d) {
            perror(argv[i]);
            return 1;
        }
        while ((e = readdir(d)) != NULL) {
            char path[4096];
            if (e->d_name[0] == '.') {
                continue;
            }
            (void)snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name);
            if (replay(path) != 0) {
                (void)closedir(d);
                return 1;
            }
            n++;
        }
        (void)closedir(d);
    }
    if (n == 0) {
        (void)fprintf(stderr, "replay: no input files\n");
        return 1;
    }
    (void)printf("replayed %d inputs\n", n);
    return 0;
}
