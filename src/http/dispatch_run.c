/* dispatch_run.c: a request on its handler thread: who it is, what it may, its input, its handler.
 */
#include "core/log.h"
#include "http/http_private.h"

#include <assert.h>

static bool user_find(struct http_call *call, struct error *err)
{
    struct request *req = &call->request;
    const struct http_config *config = &call->server->config;

    if (call->is_authenticated || (req->route->flags & HTTP_BARE) != 0)
        return true;
    call->is_authenticated = true;
    return config->authenticate == NULL || config->authenticate(req, err);
}

/* Charges the one who asks; more than one bucket may say no. */
static bool rate_charge(struct http_call *call, struct rate_key key, struct error *err)
{
    const struct http_route *route = call->request.route;
    struct rate_verdict verdict =
        rate_take(call->server->rate, key, route->cost == 0 ? 1 : (int64_t)route->cost,
                  clock_mono_ms(&call->server->clock));

    if (!call->is_rated || verdict.remaining < call->rate.remaining)
        call->rate = verdict;
    call->is_rated = true;
    if (verdict.is_allowed)
        return true;
    metrics_refuse(call->server->metrics, REFUSED_RATE);
    error_field(err, ERROR_RATE_LIMITED, "", verdict.limit, "more than %lld requests a minute",
                (long long)verdict.limit);
    err->retry_after_ms = verdict.wait_ms;
    return false;
}

static bool access_check(const struct request *req, struct error *err)
{
    enum access access = req->route->access;
    const struct http_user *user = &req->user;
    unsigned scope = req->route->scope;

    if (access == ACCESS_PUBLIC)
        return true;
    if (access == ACCESS_NOBODY)
        return error_set(err, ERROR_FORBIDDEN, "nobody may do this");
    if (user->id == 0)
        return error_set(err, ERROR_UNAUTHENTICATED, "sign in first");
    if ((int)user->role < (int)access - (int)ACCESS_VIEWER + (int)ROLE_VIEWER)
        return error_set(err, ERROR_FORBIDDEN, "your role may not do this");
    if (user->session_id == 0 && (user->scopes & scope) != scope)
        return error_set(err, ERROR_FORBIDDEN, "this token may not do this");
    return true;
}

static bool admit(struct http_call *call, struct error *err)
{
    struct request *req = &call->request;
    bool may;

    if ((req->route->flags & HTTP_BARE) != 0)
        return true;
    if (!user_find(call, err))
        return false;
    if (req->user.id == 0 && !rate_charge(call, rate_key_of_ip(req->remote_ip), err))
        return false;
    may = access_check(req, err);
    if (req->user.id != 0 &&
        (!rate_charge(call, (struct rate_key){RATE_USER, (uint64_t)req->user.id}, err) ||
         (req->user.token_id != 0 &&
          !rate_charge(call, (struct rate_key){RATE_TOKEN, (uint64_t)req->user.token_id}, err))))
        return false;
    return may;
}

static bool reader_borrow(struct http_call *call, struct error *err)
{
    struct request *req = &call->request;

    if (req->pool == NULL || req->db != NULL || (req->route->flags & HTTP_BARE) != 0)
        return true;
    return db_borrow(req->pool, &req->db, err);
}

static void reader_give_back(struct http_call *call)
{
    db_give_back(call->request.db);
    call->request.db = NULL;
}

/* Hands the request back to its I/O thread; neither it nor the call is ours any more. */
static void hand_back(struct http_call *call, enum call_phase phase)
{
    struct http_server *server = call->server;

    call->phase = phase;
    MHD_resume_connection(call->mhd);
    server_work_done(server);
}

void dispatch_gate(void *context)
{
    struct http_call *call = context;
    struct blob_store *blobs = call->server->config.blobs;
    bool is_form = call->request.route->body == BODY_MULTIPART;

    call->is_failed = !reader_borrow(call, &call->failure) || !admit(call, &call->failure) ||
                      (is_form && !body_begin_form(call, &call->failure)) ||
                      (is_form && blobs != NULL && !blob_room_for_upload(blobs, &call->failure));
    reader_give_back(call);
    call->is_gate_passed = true;
    hand_back(call, CALL_GATED);
}

static bool run(struct http_call *call, struct error *err)
{
    struct request *req = &call->request;
    bool is_upload = req->route->body == BODY_MULTIPART;

    /* The files of an upload are made durable before a reader is lent: that takes a while. */
    if (is_upload && !body_end(call, err))
        return false;
    if (!reader_borrow(call, err))
        return false;
    if (!call->is_gate_passed && !admit(call, err))
        return false;
    if (!is_upload && !body_end(call, err))
        return false;
    if (!req->route->handler(req, err))
        return false;
    /* A handler that says yes has answered. */
    assert(call->response != NULL || call->stream != NULL || call->produce != NULL);
    return true;
}

void dispatch_answer(struct http_call *call)
{
    call->request.now_ms = clock_wall_ms(&call->server->clock);
    if (!run(call, &call->failure)) {
        if (call->failure.code == ERROR_NONE)
            error_set(&call->failure, ERROR_INTERNAL, "something went wrong here");
        reply_error(call, &call->failure);
    }
    reader_give_back(call);
}

void dispatch_run(void *context)
{
    dispatch_answer(context);
    hand_back(context, CALL_REPLY);
}

void dispatch_uploads(void *context)
{
    struct http_call *call = context;
    struct http_server *server = call->server;

    while (call != NULL) {
        dispatch_run(call);
        call = server_next_upload(server);
    }
}
