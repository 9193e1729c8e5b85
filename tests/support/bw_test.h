/* SPDX-License-Identifier: GPL-3.0-or-later
 * bw_test.h - cmocka with the headers it wants before itself, and what it lacks. */
#ifndef BW_TEST_H
#define BW_TEST_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

/* Doubles within eps; cmocka 1.1.5 compares floats only. */
#define bw_assert_near(a, b, eps)                                                          \
    do {                                                                                   \
        double bw_a_ = (a);                                                                \
        double bw_b_ = (b);                                                                \
        if (!(fabs(bw_a_ - bw_b_) <= (eps))) {                                             \
            fail_msg("%s is %.9g, not %.9g within %.3g", #a, bw_a_, bw_b_, (double)(eps)); \
        }                                                                                  \
    } while (0)

#endif
