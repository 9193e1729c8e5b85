/* SPDX-License-Identifier: GPL-3.0-or-later
 * frames.h - finds out what an interface's counters count of a frame, and tells them.
 *
 * For at most two seconds, or 5,000 frames, the lengths of frames that pass are held
 * against the counters: when the interface is opened, and while it could not be told, again
 * after five seconds, ten, and so on to an hour. In between nothing is heard. Loop thread
 * only. */
#ifndef BW_FRAMES_H
#define BW_FRAMES_H

#include <bw/counter.h>
#include <stdint.h>
#include <uv.h>

struct bw_frames;

enum bw_frames_state {
    BW_FRAMES_IDLE,      /* "": nothing is counted */
    BW_FRAMES_BY_KIND,   /* "by kind": the kernel's own software, known beforehand */
    BW_FRAMES_NO_RIGHTS, /* "no rights": the lengths may not be heard */
    BW_FRAMES_LISTENING, /* "listening" */
    BW_FRAMES_WAITING,   /* "not told yet": too few frames, or merged ones; tried again */
    BW_FRAMES_KNOWN      /* "measured" */
};

/* The last call that needs rights; without them it works, and finds nothing out. NULL: no
 * memory. */
struct bw_frames *bw_frames_new(uv_loop_t *loop);

/* A counter was opened; both are lent until bw_frames_forget(). `name` is for the log. */
void bw_frames_begin(struct bw_frames *f,
                     const struct bw_counter_ops *ops,
                     struct bw_counter *counter,
                     const char *name);
/* It is about to be closed. */
void bw_frames_forget(struct bw_frames *f);

enum bw_frames_state bw_frames_state(const struct bw_frames *f);
const char *bw_frames_state_word(enum bw_frames_state s);

/* Frees, when the loop lets go, then cb(owner). */
void bw_frames_close(struct bw_frames *f, void (*cb)(void *owner), void *owner);

#endif
