/*
 * core/fault.h: named points at which a -Dfaults build dies, fails or waits as its environment
 * says, for tests/crash.  In an ordinary build every macro here is nothing, and no name of a point
 * is in the binary.
 *
 *   VITRINE_FAULT=POINT:HIT:ACTION[,...]   at the HITth time (1 first) that POINT is reached
 *   VITRINE_FAULT_LOG=FILE                 gets the name of each point that is reached, once per
 *                                          process, in one write that survives what follows
 *
 * Actions: kill9; delay=MS, on the thread that is there; eio, enospc: what is done there fails so;
 * short: half of it is done.  What a point cannot do, or that is no point, ends the process at its
 * start.  Any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* STOPS: kill9 and delay.  FAILS: eio and enospc too.  WRITES: short too. */
#define FAULT_POINTS(STOPS, FAILS, WRITES)                                                         \
    /* A run comes in.  A client without an answer asks again under its key. */                    \
    STOPS(ENQ_BEFORE_COMMIT, "enq.before_commit")                                                  \
    FAILS(ENQ_IN_COMMIT, "enq.in_commit")                                                          \
    STOPS(ENQ_AFTER_COMMIT, "enq.after_commit")                                                    \
    STOPS(FANOUT_MID, "fanout.mid") /* some tasks of a run are inserted, others not */             \
    /* A task is taken. */                                                                         \
    STOPS(CLAIM_BEFORE_COMMIT, "claim.before_commit")                                              \
    FAILS(CLAIM_IN_COMMIT, "claim.in_commit")                                                      \
    STOPS(CLAIM_AFTER_COMMIT, "claim.after_commit")                                                \
    /* A call is intended: from its commit on it may have been made. */                            \
    STOPS(CALL_INTENT_BEFORE_COMMIT, "call.intent.before_commit")                                  \
    FAILS(CALL_INTENT_IN_COMMIT, "call.intent.in_commit")                                          \
    STOPS(CALL_INTENT_AFTER_COMMIT, "call.intent.after_commit")                                    \
    /* The request leaves; the mark "sent" is lazy; the reply comes. */                            \
    FAILS(CALL_SENT_PARTIAL, "call.sent.partial") /* a part of its body has left */                \
    STOPS(CALL_SENT_FULL, "call.sent.full")       /* the kernel has its last byte */               \
    STOPS(CALL_SENT_BEFORE_COMMIT, "call.sent.before_commit")                                      \
    FAILS(CALL_SENT_IN_COMMIT, "call.sent.in_commit")                                              \
    STOPS(CALL_SENT_AFTER_COMMIT, "call.sent.after_commit")                                        \
    STOPS(CALL_HEAD_RECEIVED, "call.head_received")                                                \
    STOPS(CALL_STREAM_MID, "call.stream_mid") /* a piece of a streamed reply is here */            \
    STOPS(CALL_REPLIED, "call.replied")       /* the whole reply is in memory, unread */           \
    /* Accepted for later: until its commit nobody could ask for it again. */                      \
    STOPS(CALL_REMOTE_ID_BEFORE_COMMIT, "call.remote_id.before_commit")                            \
    FAILS(CALL_REMOTE_ID_IN_COMMIT, "call.remote_id.in_commit")                                    \
    STOPS(CALL_REMOTE_ID_AFTER_COMMIT, "call.remote_id.after_commit")                              \
    /* Remote work is asked for, given up, and its result fetched. */                              \
    STOPS(POLL_RESUME_BEFORE_COMMIT, "poll.resume.before_commit")                                  \
    FAILS(POLL_RESUME_IN_COMMIT, "poll.resume.in_commit")                                          \
    STOPS(POLL_RESUME_AFTER_COMMIT, "poll.resume.after_commit")                                    \
    STOPS(POLL_SENT, "poll.sent")                                                                  \
    STOPS(POLL_REPLIED, "poll.replied")                                                            \
    STOPS(GIVE_UP_SENT, "give_up.sent")                                                            \
    STOPS(GIVE_UP_REPLIED, "give_up.replied")                                                      \
    STOPS(LOOK_UP_SENT, "look_up.sent")       /* whether it has a call whose outcome is unknown */ \
    STOPS(LOOK_UP_REPLIED, "look_up.replied") /* it said so, and nothing is written of it yet */   \
    STOPS(DOWNLOAD_SENT, "download.sent")                                                          \
    FAILS(DOWNLOAD_MID, "download.mid") /* a part of the picture is here */                        \
    STOPS(DOWNLOAD_DONE, "download.done")                                                          \
    /* Bytes become a blob: a temporary file, its sync, its name, the folder's sync, the row. */   \
    WRITES(BLOB_WRITE, "blob.write")                                                               \
    STOPS(BLOB_TMP_WRITTEN, "blob.tmp_written")                                                    \
    FAILS(BLOB_FSYNCED, "blob.fsynced")                                                            \
    FAILS(BLOB_LINKED, "blob.linked")                                                              \
    FAILS(BLOB_DIR_FSYNCED, "blob.dir_fsynced")                                                    \
    STOPS(BLOB_ROW, "blob.row") /* inserted, not committed */                                      \
    /* The call is answered, its result durable; then the task's end. */                           \
    STOPS(KEEP_BEFORE_COMMIT, "keep.before_commit")                                                \
    FAILS(KEEP_IN_COMMIT, "keep.in_commit")                                                        \
    STOPS(KEEP_AFTER_COMMIT, "keep.after_commit")                                                  \
    STOPS(FINISH_BEFORE_COMMIT, "finish.before_commit")                                            \
    FAILS(FINISH_IN_COMMIT, "finish.in_commit")                                                    \
    STOPS(FINISH_AFTER_COMMIT, "finish.after_commit")                                              \
    STOPS(EDGE_FLIP, "edge.flip") /* edges are turned, the tasks behind not counted down */        \
    /* What people do meanwhile. */                                                                \
    STOPS(CANCEL_TASK_BEFORE_COMMIT, "cancel.task.before_commit")                                  \
    FAILS(CANCEL_TASK_IN_COMMIT, "cancel.task.in_commit")                                          \
    STOPS(CANCEL_TASK_AFTER_COMMIT, "cancel.task.after_commit")                                    \
    STOPS(CANCEL_RUN_BEFORE_COMMIT, "cancel.run.before_commit")                                    \
    FAILS(CANCEL_RUN_IN_COMMIT, "cancel.run.in_commit")                                            \
    STOPS(CANCEL_RUN_AFTER_COMMIT, "cancel.run.after_commit")                                      \
    STOPS(PAUSE_BEFORE_COMMIT, "pause.before_commit")                                              \
    FAILS(PAUSE_IN_COMMIT, "pause.in_commit")                                                      \
    STOPS(PAUSE_AFTER_COMMIT, "pause.after_commit")                                                \
    STOPS(UPLOAD_BEFORE_COMMIT, "upload.before_commit")                                            \
    FAILS(UPLOAD_IN_COMMIT, "upload.in_commit")                                                    \
    STOPS(UPLOAD_AFTER_COMMIT, "upload.after_commit")                                              \
    STOPS(CHANGE_BEFORE_COMMIT, "change.before_commit")                                            \
    FAILS(CHANGE_IN_COMMIT, "change.in_commit")                                                    \
    STOPS(CHANGE_AFTER_COMMIT, "change.after_commit")                                              \
    STOPS(BULK_BEFORE_COMMIT, "bulk.before_commit")                                                \
    FAILS(BULK_IN_COMMIT, "bulk.in_commit")                                                        \
    STOPS(BULK_AFTER_COMMIT, "bulk.after_commit")                                                  \
    STOPS(JOB_START_BEFORE_COMMIT, "job.start.before_commit")                                      \
    FAILS(JOB_START_IN_COMMIT, "job.start.in_commit")                                              \
    STOPS(JOB_START_AFTER_COMMIT, "job.start.after_commit")                                        \
    STOPS(JOB_BEFORE_COMMIT, "job.before_commit")                                                  \
    STOPS(JOB_IN_COMMIT, "job.in_commit")                                                          \
    STOPS(JOB_AFTER_COMMIT, "job.after_commit")                                                    \
    STOPS(JOB_UNDO_BEFORE_COMMIT, "job.undo.before_commit")                                        \
    STOPS(JOB_UNDO_IN_COMMIT, "job.undo.in_commit")                                                \
    STOPS(JOB_UNDO_AFTER_COMMIT, "job.undo.after_commit")                                          \
    /* The log's pages move to the database file, one by one, and are synced there. */             \
    FAILS(CHECKPOINT_MID, "checkpoint.mid")                                                        \
    STOPS(CHECKPOINT_MOVED, "checkpoint.moved") /* all of them, unsynced; the log is as it was */  \
    /* What nobody wants any more leaves, each stage a day after the one before. */                \
    STOPS(RETENTION_BEFORE_COMMIT, "retention.before_commit")                                      \
    STOPS(RETENTION_MID, "retention.mid") /* old events are deleted, not committed */              \
    FAILS(RETENTION_IN_COMMIT, "retention.in_commit")                                              \
    STOPS(RETENTION_AFTER_COMMIT, "retention.after_commit")                                        \
    STOPS(PURGE_BEFORE_COMMIT, "purge.before_commit")                                              \
    FAILS(PURGE_IN_COMMIT, "purge.in_commit")                                                      \
    STOPS(PURGE_AFTER_COMMIT, "purge.after_commit")                                                \
    STOPS(SWEEP_MARK_BEFORE_COMMIT, "sweep.mark.before_commit")                                    \
    FAILS(SWEEP_MARK_IN_COMMIT, "sweep.mark.in_commit")                                            \
    STOPS(SWEEP_MARK_AFTER_COMMIT, "sweep.mark.after_commit")                                      \
    STOPS(SWEEP_MOVED, "sweep.moved") /* the file is in the trash, its row not */                  \
    STOPS(SWEEP_TRASH_BEFORE_COMMIT, "sweep.trash.before_commit")                                  \
    FAILS(SWEEP_TRASH_IN_COMMIT, "sweep.trash.in_commit")                                          \
    STOPS(SWEEP_TRASH_AFTER_COMMIT, "sweep.trash.after_commit")                                    \
    STOPS(SWEEP_TEMPS, "sweep.temps")       /* of a dead boot the lock is gone, its folder not */  \
    STOPS(SWEEP_RESTORED, "sweep.restored") /* back in its place, and in the trash still */        \
    STOPS(SWEEP_ORPHAN, "sweep.orphan")     /* in the trash, its time there not begun */           \
    STOPS(SWEEP_REMOVE_BEFORE_COMMIT, "sweep.remove.before_commit")                                \
    FAILS(SWEEP_REMOVE_IN_COMMIT, "sweep.remove.in_commit")                                        \
    STOPS(SWEEP_REMOVE_AFTER_COMMIT, "sweep.remove.after_commit")                                  \
    /* Stop and start. */                                                                          \
    STOPS(DRAIN_BEGUN, "drain.begun")     /* no new request is taken */                            \
    STOPS(DRAIN_ENDED, "drain.ended")     /* the engine has stopped, the writer has not */         \
    STOPS(DRAIN_CLOSED, "drain.closed")   /* the database is closed */                             \
    STOPS(BACKUP_MID, "backup.mid")       /* the copy before a migration has some pages */         \
    STOPS(BACKUP_COPIED, "backup.copied") /* it is whole and has no name yet */                    \
    STOPS(MIGRATE_MID, "migrate.mid")     /* a step's statements are done, it is not committed */  \
    STOPS(MIGRATE_NEXT, "migrate.next")   /* it is */                                              \
    STOPS(RECOVER_BEFORE_COMMIT, "recover.before_commit")                                          \
    STOPS(RECOVER_TAKE_OVER, "recover.take_over") /* one task of several */                        \
    FAILS(RECOVER_IN_COMMIT, "recover.in_commit")                                                  \
    STOPS(RECOVER_AFTER_COMMIT, "recover.after_commit")

/* Of a request in the writer's group: none of its statements has run; all of the group's have, and
 * the commit is next, which fails as a whole; it is committed and nobody was told. */
enum fault_phase { FAULT_BEFORE_COMMIT, FAULT_IN_COMMIT, FAULT_AFTER_COMMIT };

#ifdef VITRINE_FAULTS

#define FAULT_AS_ENUM(id, name) FAULT_##id,
enum fault_point { FAULT_POINTS(FAULT_AS_ENUM, FAULT_AS_ENUM, FAULT_AS_ENUM) FAULT_COUNT };
#undef FAULT_AS_ENUM

/*
 * Reads the environment; ends the process with 2 and a sentence when it asks for what is not.  The
 * verb --fault-points, in `words` as main() has them, is done here too: a line "NAME ACTION..." for
 * each point.
 */
void fault_start(int count, char **words);
/* The point is reached.  True: what is done there fails, errno says how. */
bool fault_here(enum fault_point point);
/* The same for a write: write(2) or less of it. */
ssize_t fault_write(enum fault_point point, ssize_t (*write)(int fd, const void *data, size_t size),
                    int fd, const void *data, size_t size);
/* A phase of the writer's request of that name, which may be of no interest.  False: it goes on. */
bool fault_commit(const char *request, enum fault_phase phase);

#define FAULT_START(count, words) fault_start((count), (words))
#define FAULT(point) ((void)fault_here(FAULT_##point))
#define FAULT_IF(holds, point) ((holds) ? FAULT(point) : (void)0)
#define FAULT_FAILS(point) fault_here(FAULT_##point)
#define FAULT_WRITE(point, write, fd, data, size)                                                  \
    fault_write(FAULT_##point, (write), (fd), (data), (size))
#define FAULT_COMMIT(request, phase) fault_commit((request), (phase))
/* A test does not wait as long for what is due now and then. */
#define FAULT_SOONER(usual, sooner) (sooner)

#else

#define FAULT_START(count, words) ((void)0)
#define FAULT(point) ((void)0)
#define FAULT_IF(holds, point) ((void)0)
#define FAULT_FAILS(point) false
#define FAULT_WRITE(point, write, fd, data, size) (write)((fd), (data), (size))
#define FAULT_COMMIT(request, phase) false
#define FAULT_SOONER(usual, sooner) (usual)

#endif
