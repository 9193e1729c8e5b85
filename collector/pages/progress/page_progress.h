/* SPDX-License-Identifier: GPL-3.0-or-later
 * page_progress.h - goals and how far they are reached: handlers of routes. */
#ifndef BW_PAGE_PROGRESS_H
#define BW_PAGE_PROGRESS_H

struct bw_http_req;

void bw_page_progress(void *owner, struct bw_http_req *req);
void bw_page_goal(void *owner, struct bw_http_req *req);
/* A form of a person who may say something: a goal, or that one holds no longer. */
void bw_page_goal_post(void *owner, struct bw_http_req *req);
void bw_page_goal_withdraw(void *owner, struct bw_http_req *req);
void bw_api_goals(void *owner, struct bw_http_req *req);

#endif
