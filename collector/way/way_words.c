/* SPDX-License-Identifier: GPL-3.0-or-later
 * way_words.c - where a target stands by its name, and names for people. */
#include "way.h"

#include <string.h>

static const struct {
    const char *begin;
    enum bw_way_place place;
} names[] = {{"edge", BW_WAY_EDGE},     {"gateway", BW_WAY_EDGE}, {"router", BW_WAY_EDGE},
             {"firewall", BW_WAY_EDGE}, {"lan", BW_WAY_EDGE},     {"hub", BW_WAY_HUB},
             {"provider", BW_WAY_HUB},  {"isp", BW_WAY_HUB},      {"state", BW_WAY_STATE}};

enum bw_way_place bw_way_place_of(const char *target)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t n = strlen(names[i].begin);
        /* "lan" and "lan-1", not "lantern" */
        if (strncmp(target, names[i].begin, n) == 0 &&
            (target[n] == '\0' || strchr("-_.0123456789", target[n]))) {
            return names[i].place;
        }
    }
    return BW_WAY_INTERNET;
}

const char *bw_way_place_words(enum bw_way_place p)
{
    static const char *const words[] = {[BW_WAY_EDGE] = "the school's edge",
                                        [BW_WAY_HUB] = "the hub or the provider's edge",
                                        [BW_WAY_INTERNET] = "the Internet",
                                        [BW_WAY_STATE] = "the state's network"};
    return p < BW_WAY_PLACES ? words[p] : "";
}

const char *bw_way_state_words(enum bw_way_state s)
{
    static const char *const words[] = {
        [BW_WAY_UNKNOWN] = "not known",      [BW_WAY_GOOD] = "good",
        [BW_WAY_PART] = "one target silent", [BW_WAY_SLOW] = "slow",
        [BW_WAY_LOSS] = "loses packets",     [BW_WAY_OUT] = "nothing comes through"};
    return words[s];
}
