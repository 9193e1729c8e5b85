/* SPDX-License-Identifier: GPL-3.0-or-later
 * fuzz_tile.c - any bytes as a tile's path, and as a proof: a path that is taken is written
 * again to the same; proofs of any shape end in yes or no. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <tile.h>
#include <tree.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[100];
    char again[BW_TILE_PATH_MAX];
    struct bw_tile t;
    struct bw_proof p = {.n = 0};
    int64_t numbers[2] = {0, 0};
    uint8_t hash[32] = {0};
    if (size < sizeof(path)) {
        memcpy(path, data, size);
        path[size] = '\0';
        if (bw_tile_parse(path, &t) == 0) {
            bw_tile_path(&t, again);
            if (strcmp(again, path) != 0) {
                abort();
            }
            (void)bw_tile_width(t.level, t.n, INT64_MAX);
        }
    }
    if (size > sizeof(numbers)) {
        memcpy(numbers, data, sizeof(numbers));
        data += sizeof(numbers);
        size -= sizeof(numbers);
        p.n = size < BW_PROOF_MAX ? size : BW_PROOF_MAX;
        for (size_t i = 0; i < p.n; i++) {
            p.hash[i][0] = data[i];
        }
        if (bw_tree_holds(numbers[0], numbers[1], hash, &p, hash) && numbers[1] > 1) {
            abort(); /* a leaf that is the head of a larger tree */
        }
        (void)bw_tree_grew(numbers[0], hash, numbers[1], hash, &p);
    }
    return 0;
}
