/* SPDX-License-Identifier: GPL-3.0-or-later
 * bundle_agent.h - which program packs bags here, and the number of its forms. */
#ifndef BW_BUNDLE_AGENT_H
#define BW_BUNDLE_AGENT_H

#include <stdint.h>

/* Rises by one with every change after which the same bag gives other bytes: the words or
 * the layout of a report, a pack or the README, a member or a figure more or less, what
 * bound claims come to. A bag of another number is compared figure by figure and its pages
 * are told as not checked; without a rise every bag of before is told as false. */
#define BW_BUNDLE_FORMS 1

#define BW_BUNDLE_TEXT_OF(x) #x
#define BW_BUNDLE_TEXT(x) BW_BUNDLE_TEXT_OF(x)
#define BW_BUNDLE_AGENT "bandwitness/" BW_VERSION " forms/" BW_BUNDLE_TEXT(BW_BUNDLE_FORMS)

/* The number in such a name; unknown where it has none: packed before there was one. */
int64_t bw_bundle_forms_of(const char *software);

#endif
