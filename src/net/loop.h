/*
 * net/loop.h: the engine's thread: one libuv loop with timers and hand-over from other threads.
 * libuv's header is included in this room only.
 */
#pragma once

#include "core/error.h"
#include "core/str.h"

struct net_loop; /* opaque: loop.c */

/* Creates the loop; its thread starts with net_loop_start().  Thread: main. */
MUST_CHECK bool net_loop_create(struct net_loop **out, struct error *err);
MUST_CHECK bool net_loop_start(struct net_loop *loop, struct error *err);
/*
 * Stops after what is posted has run, and what that posts, and joins the thread.  Timers left are
 * freed.  Waits for name look-ups under way.  If the loop never started, what was posted runs here.
 * Takes NULL.  Thread: main.
 */
void net_loop_destroy(struct net_loop *loop);

/* Runs work(context) on the loop's thread, in the order posted.  Any thread, the loop's too. */
void net_loop_post(struct net_loop *loop, void (*work)(void *context), void *context);
bool net_loop_is_here(const struct net_loop *loop); /* are we on its thread? */

/* A timer, one shot, re-armed by setting it again.  Loop thread only. */
struct net_timer;
struct net_timer *net_timer_create(struct net_loop *loop, void (*fire)(void *context),
                                   void *context);
void net_timer_set(struct net_timer *timer, int64_t after_ms); /* < 0: disarm; 0: next turn */
void net_timer_destroy(struct net_timer *timer); /* takes NULL; also from within `fire` */
