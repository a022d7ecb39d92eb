/* provider/comfyui_read.c: what a ComfyUI server answers (facts 5), made a verdict. */
#include "provider/comfyui_private.h"

#include "core/text.h"

#include <math.h>

#define NAME_SIZE_MAX 512
#define NODE_ERRORS_MAX 3 /* told; the rest is more of the same */

static void classify(const struct provider_account *account, const struct exchange_reply *reply,
                     struct arena *arena, struct provider_failure *out)
{
    exchange_classify_for(account, reply, arena, out);
    out->message = comfyui_clean(account, out->message, PROVIDER_MESSAGE_MAX, arena);
    out->code = comfyui_clean(account, out->code, PROVIDER_MESSAGE_MAX, arena);
}

static bool is_good(const struct exchange_reply *reply)
{
    return reply->outcome == EXCHANGE_REPLIED && reply->status >= 200 && reply->status < 300;
}

static void fail(struct provider_verdict *out, enum failure_class class, enum charged charged,
                 struct str message)
{
    out->type = VERDICT_FAILED;
    out->failure.class = class;
    out->failure.charged = charged;
    out->failure.message = message;
}

static void go_on(struct provider_verdict *out, bool ok, const struct error *err,
                  struct arena *arena)
{
    if (ok)
        out->type = VERDICT_NEXT;
    else
        fail(out, FAILURE_INVALID, CHARGED_NO, arena_str(arena, str_of(err->message)));
}

/* --- what went wrong with which node --- */

/* "node smp (KSampler): Value not in list, sampler_name: 'x' not in [...]" */
static void add_node_error(struct buf *out, struct str id, const struct json *node)
{
    const struct json *first = json_item(json_get(node, "errors"), 0);
    struct str details = json_text(json_get(first, "details"));

    buf_printf(out, "%snode %.*s (%.*s): %.*s", out->size > 0 ? "; " : "",
               STR_ARGS(text_clip(id, 60)),
               STR_ARGS(text_clip(json_text(json_get(node, "class_type")), 60)),
               STR_ARGS(text_clip(json_text(json_get(first, "message")), 120)));
    if (details.size > 0)
        buf_printf(out, ", %.*s", STR_ARGS(text_clip(details, 160)));
}

/* {"error":{type,message,details},"node_errors":{id:{"errors":[…],"class_type"}}} */
static void tell_errors(const struct provider_account *account, const struct json *json,
                        struct arena *arena, struct provider_failure *failure)
{
    CLEANUP(buf_finish) struct buf message = {0};
    const struct json *error = json_get(json, "error"), *nodes = json_get(json, "node_errors");
    struct str details = json_text(json_get(error, "details"));
    struct json_cursor cursor = {0};
    const struct json *node;
    struct str id;

    for (size_t told = 0; told < NODE_ERRORS_MAX && json_next(nodes, &cursor, &id, &node); told++)
        add_node_error(&message, id, node);
    if (message.size == 0 && json_text(json_get(error, "message")).size > 0)
        buf_printf(&message, "%.*s%s%.*s",
                   STR_ARGS(text_clip(json_text(json_get(error, "message")), 300)),
                   details.size > 0 ? ": " : "", STR_ARGS(text_clip(details, 160)));
    if (message.size > 0)
        failure->message = comfyui_clean(account, buf_str(&message), PROVIDER_MESSAGE_MAX, arena);
    if (json_text(json_get(error, "type")).size > 0)
        failure->code = comfyui_clean(account, json_text(json_get(error, "type")), 100, arena);
}

/* --- the steps before the prompt: they cost nothing --- */

static void fail_step(const struct provider_account *account, const struct exchange_reply *reply,
                      struct arena *arena, struct provider_verdict *out)
{
    classify(account, reply, arena, &out->failure);
    out->failure.charged = CHARGED_NO;
    if (out->failure.class != FAILURE_UNKNOWN)
        return;
    if (reply->outcome == EXCHANGE_LOST) {
        out->failure.class = FAILURE_SERVER; /* nothing was asked for yet: once more will do */
        return;
    }
    out->failure.class = FAILURE_INVALID;
    out->failure.message =
        STR("the server answered, but not as ComfyUI does; is the base URL right?");
}

const struct json *comfyui_list_of(const struct json *json, struct str class, struct str name)
{
    static const char *const rooms[] = {"required", "optional"};
    const struct json *inputs = json_get(comfyui_member(json, class), "input");

    for (size_t i = 0; i < COUNT(rooms); i++) {
        const struct json *input = comfyui_member(json_get(inputs, rooms[i]), name), *first, *list;

        first =
            json_item(input, 0); /* [["a","b"],{…}], or newer: ["COMBO",{"options":["a","b"]}] */
        list = json_is(first, JSON_LIST) ? first : json_get(json_item(input, 1), "options");
        if (json_is(list, JSON_LIST))
            return list;
    }
    return NULL;
}

const struct json *comfyui_checkpoints(const struct json *json)
{
    return comfyui_list_of(json, STR(COMFYUI_LOADER), STR(COMFYUI_LOADER_FILE));
}

/* The first that is of the template's family; one for Flux is no use to the others. */
static struct str pick_checkpoint(const struct json *list, const char *family)
{
    for (size_t i = 0; i < json_count(list); i++) {
        struct str name = json_text(json_item(list, i));
        if (name.size > 0 && name.size <= NAME_SIZE_MAX &&
            text_has_nocase(name, family != NULL ? family : "flux") == (family != NULL))
            return name;
    }
    return family != NULL ? STR_EMPTY : json_text(json_item(list, 0));
}

/* One's own workflow may load its model with any node: what that lists are no checkpoints. */
static void read_files(const struct comfyui_call *call, const struct comfyui_input *input,
                       const struct exchange_reply *reply, struct comfyui_steps *steps,
                       struct arena *arena, struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct error err = {0};
    struct str name;

    if (!is_good(reply) || !json_read_liberal(reply->body, &json, &err) ||
        !json_is(json, JSON_OBJECT)) {
        fail_step(call->account, reply, arena, out);
        return;
    }
    name = json_text(json_item(comfyui_list_of(json, input->class, input->name), 0));
    if (name.size == 0 || name.size > NAME_SIZE_MAX) {
        name = arena_printf(arena,
                            "the server lists no file for %.*s of the node %.*s; name one in the "
                            "provider's settings",
                            STR_ARGS(text_clip(input->name, 60)),
                            STR_ARGS(text_clip(input->class, 60)));
        fail(out, FAILURE_INVALID, CHARGED_NO,
             comfyui_clean(call->account, name, PROVIDER_MESSAGE_MAX, arena));
        return;
    }
    steps->checkpoint = arena_str(arena, name);
    go_on(out, comfyui_step(call, steps, arena, &out->next, &err), &err, arena);
}

static void read_checkpoints(const struct comfyui_call *call, const struct exchange_reply *reply,
                             struct comfyui_steps *steps, struct arena *arena,
                             struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    const struct json *list = NULL;
    const char *family = call->template->family;
    struct error err = {0};

    if (is_good(reply) && json_read_liberal(reply->body, &json, &err))
        list = comfyui_checkpoints(json);
    if (list == NULL) {
        fail_step(call->account, reply, arena, out);
        return;
    }
    steps->checkpoint = arena_str(arena, pick_checkpoint(list, family));
    if (steps->checkpoint.size == 0 || steps->checkpoint.size > NAME_SIZE_MAX) {
        fail(out, FAILURE_INVALID, CHARGED_NO,
             arena_printf(arena,
                          "the server lists no checkpoint%s%s; put one into models/checkpoints, "
                          "or name it in the provider's settings",
                          family != NULL ? " for " : "", family != NULL ? family : ""));
        return;
    }
    go_on(out, comfyui_step(call, steps, arena, &out->next, &err), &err, arena);
}

static void read_loader(const struct comfyui_call *call, const struct exchange_reply *reply,
                        struct comfyui_steps *steps, struct arena *arena,
                        struct provider_verdict *out)
{
    const struct comfyui_input input = comfyui_workflow_model(&call->workflow);

    if (str_equal(input.class, STR(COMFYUI_LOADER)))
        read_checkpoints(call, reply, steps, arena, out);
    else
        read_files(call, &input, reply, steps, arena, out);
}

/* One line, no longer than a name is. */
static bool is_name(struct str name)
{
    return name.size > 0 && name.size <= NAME_SIZE_MAX && !text_has_control(name) &&
           str_find_char(name, '\n') < 0 && str_find_char(name, '\r') < 0;
}

static void read_upload(const struct comfyui_call *call, const struct exchange_reply *reply,
                        struct comfyui_steps *steps, struct arena *arena,
                        struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct str name = STR_EMPTY, folder;
    struct error err = {0};

    if (is_good(reply) && json_read_liberal(reply->body, &json, &err))
        name = json_text(json_get(json, "name"));
    if (!is_name(name) || steps->count == COUNT(steps->names)) {
        fail_step(call->account, reply, arena, out);
        return;
    }
    folder = json_text(json_get(json, "subfolder"));
    steps->names[steps->count++] =
        is_name(folder) ? arena_printf(arena, "%.*s/%.*s", STR_ARGS(folder), STR_ARGS(name))
                        : arena_str(arena, name);
    go_on(out, comfyui_step(call, steps, arena, &out->next, &err), &err, arena);
}

static void read_step(const struct provider_account *account,
                      const struct provider_request *request, const struct exchange *exchange,
                      const struct exchange_reply *reply, struct arena *arena,
                      struct provider_verdict *out)
{
    CLEANUP(comfyui_call_finish) struct comfyui_call call = {0};
    struct comfyui_steps steps;
    struct error err = {0};

    if (!comfyui_steps_read(exchange->memo, arena, &steps))
        fail(out, FAILURE_INVALID, CHARGED_NO, STR("this is no step of a call to ComfyUI"));
    else if (!comfyui_call_init(&call, account, request, &err))
        fail(out, FAILURE_INVALID, CHARGED_NO, arena_str(arena, str_of(err.message)));
    else if (comfyui_lacks_file(&call, &steps))
        read_loader(&call, reply, &steps, arena, out);
    else
        read_upload(&call, reply, &steps, arena, out);
}

/* --- the prompt --- */

static void wait_for(struct provider_verdict *out, struct str id, double progress)
{
    out->type = VERDICT_WAIT;
    out->remote_id = id;
    out->progress = progress;
}

static void read_submit(const struct provider_account *account,
                        const struct provider_request *request, const struct exchange_reply *reply,
                        struct arena *arena, struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    struct str own = comfyui_uuid(request->idempotency_key, "prompt", arena), id;
    struct error ignored;
    bool is_lost =
        reply->outcome == EXCHANGE_LOST ||
        (reply->outcome == EXCHANGE_REPLIED &&
         (reply->status == 502 || reply->status == 504)); /* a proxy's word, not its own */

    /*
     * The prompt's id is ours, so whether it arrived can be asked for: it is there, or after a
     * minute of not being there the owner's rule decides.  A server too old to take ids
     * (facts 10.7) does not know it either.
     */
    if (is_lost && own.size > 0) {
        wait_for(out, own, -1);
        return;
    }
    if (reply->outcome == EXCHANGE_REPLIED)
        (void)!json_read_liberal(reply->body, &json, &ignored);
    id = json_text(json_get(json, "prompt_id"));
    if (is_good(reply) && remote_id_is_plain(id, COMFYUI_ID_SIZE_MAX)) {
        wait_for(out, arena_str(arena, id), 0);
        return;
    }
    classify(account, reply, arena, &out->failure);
    tell_errors(account, json, arena, &out->failure);
}

/* --- pictures --- */

static struct str make_view_path(const struct json *image, struct arena *arena)
{
    CLEANUP(buf_finish) struct buf path = {0};

    buf_add(&path, STR("/view?filename="));
    url_encode_add(&path, json_text(json_get(image, "filename")));
    buf_add(&path, STR("&subfolder="));
    url_encode_add(&path, json_text(json_get(image, "subfolder")));
    buf_add(&path, STR("&type=output"));
    return arena_str(arena, buf_str(&path));
}

static void add_picture(const struct provider_account *account, const struct json *image,
                        struct arena *arena, struct provider_verdict *out)
{
    struct exchange view;
    struct error ignored;

    /* "temp" are previews, "input" are what was uploaded. */
    if (out->picture_count == PICTURES_MAX ||
        !str_equal(json_text(json_get(image, "type")), STR("output")) ||
        !is_name(json_text(json_get(image, "filename"))) ||
        json_text(json_get(image, "subfolder")).size > NAME_SIZE_MAX)
        return;
    if (!comfyui_exchange_init(account, EXCHANGE_FETCH, "GET", make_view_path(image, arena), arena,
                               &view, &ignored))
        return;
    if (out->pictures == NULL)
        out->pictures = ARENA_ARRAY(arena, struct provider_picture, PICTURES_MAX);
    out->pictures[out->picture_count++] = (struct provider_picture){
        .url = view.url,
        .headers = view.headers, /* the key, for the address is the account's own origin */
        .header_count = view.header_count,
    };
}

static void find_pictures(const struct provider_account *account, const struct json *outputs,
                          struct arena *arena, struct provider_verdict *out)
{
    struct json_cursor cursor = {0};
    const struct json *node;
    struct str id;

    while (json_next(outputs, &cursor, &id, &node)) {
        const struct json *images = json_get(node, "images");
        for (size_t i = 0; i < json_count(images); i++)
            add_picture(account, json_item(images, i), arena, out);
    }
}

/* --- the history's entry --- */

/* The data of the last message of that type: ["execution_error", {…}]. */
static const struct json *find_message(const struct json *entry, const char *type)
{
    const struct json *messages = json_path(entry, "status.messages"), *found = NULL;

    for (size_t i = 0; i < json_count(messages); i++) {
        const struct json *message = json_item(messages, i);
        if (str_equal(json_text(json_item(message, 0)), str_of(type)))
            found = json_item(message, 1);
    }
    return found;
}

static struct str tell_execution_error(const struct provider_account *account,
                                       const struct json *error, struct arena *arena)
{
    struct str text;

    if (error == NULL)
        return STR("the workflow failed, and the server does not say why");
    text = arena_printf(
        arena, "node %.*s (%.*s): %.*s: %.*s",
        STR_ARGS(text_clip(json_text(json_get(error, "node_id")), 60)),
        STR_ARGS(text_clip(json_text(json_get(error, "node_type")), 60)),
        STR_ARGS(text_clip(json_text(json_get(error, "exception_type")), 80)),
        STR_ARGS(text_clip(json_text(json_get(error, "exception_message")), PROVIDER_MESSAGE_MAX)));
    return comfyui_clean(account, text, PROVIDER_MESSAGE_MAX, arena);
}

/* Whose seed is the request's: the first of its pictures, for the others of a batch are later
 * draws from the same noise. */
static void mark_seed(const struct provider_account *account,
                      const struct provider_request *request, struct provider_verdict *out)
{
    CLEANUP(comfyui_call_finish) struct comfyui_call call = {0};
    struct error ignored;

    if (!comfyui_call_init(&call, account, request, &ignored) || !call.model.has_seed)
        return;
    out->pictures[0].has_seed = true;
    out->pictures[0].seed = comfyui_seed(request);
}

static void read_entry(const struct provider_account *account,
                       const struct provider_request *request, const struct json *entry,
                       struct arena *arena, struct provider_verdict *out)
{
    const struct json *error = find_message(entry, "execution_error");
    bool is_error =
        error != NULL || str_equal(json_text(json_path(entry, "status.status_str")), STR("error"));

    if (find_message(entry, "execution_interrupted") != NULL) {
        fail(out, FAILURE_CANCELLED, CHARGED_NO, STR("the work was interrupted at the server"));
        return;
    }
    find_pictures(account, json_get(entry, "outputs"), arena, out);
    if (out->picture_count == 0 && is_error) {
        fail(out, FAILURE_REMOTE, CHARGED_NO, tell_execution_error(account, error, arena));
        out->failure.code =
            comfyui_clean(account, json_text(json_get(error, "exception_type")), 100, arena);
        return;
    }
    if (out->picture_count == 0) { /* again would be the same again */
        fail(out, FAILURE_RESULT_LOST, CHARGED_NO,
             STR("the workflow ended but saved no picture: it needs a SaveImage node"));
        return;
    }
    out->type = VERDICT_DONE;
    out->usage.images = (int64_t)out->picture_count;
    mark_seed(account, request, out);
    if (is_error)
        out->missing = tell_execution_error(account, error, arena);
    else if ((int64_t)out->picture_count < request->count)
        out->missing = arena_printf(arena, "the workflow saved %zu of %lld pictures",
                                    out->picture_count, (long long)request->count);
}

/* --- the queue --- */

static const struct json *find_item(const struct json *items, struct str id)
{
    for (size_t i = 0; i < json_count(items); i++)
        if (str_equal(json_text(json_item(json_item(items, i), 1)), id))
            return json_item(items, i);
    return NULL;
}

/* How many come before it: what runs, and what waits with a lower number (the list is a heap). */
static size_t count_ahead(const struct json *queue, const struct json *item)
{
    const struct json *pending = json_get(queue, "queue_pending");
    size_t ahead = json_count(json_get(queue, "queue_running"));
    double own = 0, other;

    if (!json_double(json_item(item, 0), &own))
        own = INFINITY;
    for (size_t i = 0; i < json_count(pending); i++)
        if (json_double(json_item(json_item(pending, i), 0), &other) && other < own)
            ahead++;
    return ahead;
}

/* --- asking, and giving up --- */

/* The stage that follows when this one has not found what it asked for. */
static enum comfyui_stage next_stage(enum comfyui_stage stage, bool is_running)
{
    switch (stage) {
    case COMFYUI_HISTORY:
        return COMFYUI_QUEUE;
    case COMFYUI_QUEUE:
        return COMFYUI_HISTORY_AGAIN;
    case COMFYUI_DELETE:
        return COMFYUI_QUEUE_RUNNING;
    case COMFYUI_QUEUE_RUNNING:
        /* Servers too old for prompt_id interrupt whatever runs: only when it is ours. */
        return is_running ? COMFYUI_INTERRUPT : COMFYUI_HISTORY;
    case COMFYUI_HISTORY_AGAIN:
    case COMFYUI_INTERRUPT:
    case COMFYUI_FIND_QUEUE:
    case COMFYUI_FIND_HISTORY:
    case COMFYUI_FIND_RECENT:
        break;
    }
    return COMFYUI_HISTORY;
}

static void read_missing(bool is_given_up, struct provider_verdict *out)
{
    if (is_given_up) /* taken out of the queue before it ran */
        fail(out, FAILURE_CANCELLED, CHARGED_NO, STR("the work was taken out of the queue"));
    else /* the engine asks on for a minute before it believes that */
        fail(out, FAILURE_INVALID, CHARGED_MAYBE,
             STR("the server does not know this work; was it restarted?"));
}

/* True when there is a verdict; else the next stage is asked for. */
static bool read_stage(const struct provider_account *account,
                       const struct provider_request *request, enum comfyui_stage stage,
                       struct str id, const struct json *json, struct arena *arena,
                       struct provider_verdict *out)
{
    const struct json *entry = json_get(json, arena_cstr(arena, id)), *item;

    if ((stage == COMFYUI_HISTORY || stage == COMFYUI_HISTORY_AGAIN) &&
        json_is(entry, JSON_OBJECT)) {
        read_entry(account, request, entry, arena, out);
        return true;
    }
    if (stage != COMFYUI_QUEUE)
        return false;
    /* Half of the bar is the way through the queue, which is known; half is the work, of which
     * polling tells nothing before its end. */
    item = find_item(json_get(json, "queue_pending"), id);
    if (item != NULL) {
        wait_for(out, id, 0.5 / (1 + (double)count_ahead(json, item)));
        return true;
    }
    if (find_item(json_get(json, "queue_running"), id) == NULL)
        return false;
    wait_for(out, id, 0.5);
    return true;
}

static void read_remote(const struct provider_account *account,
                        const struct provider_request *request, const struct exchange *exchange,
                        const struct exchange_reply *reply, struct arena *arena,
                        struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    enum comfyui_stage stage = (enum comfyui_stage)exchange->retry_stage, next;
    bool is_queue = stage == COMFYUI_QUEUE || stage == COMFYUI_QUEUE_RUNNING;
    bool has_body = stage != COMFYUI_DELETE && stage != COMFYUI_INTERRUPT;
    struct str rest = exchange->memo, id = str_cut(&rest, ' ');
    bool is_given_up = str_equal(rest, STR("stop"));
    struct error err = {0};

    if (!is_good(reply) || (has_body && !json_read_liberal(reply->body, &json, &err)) ||
        (has_body && !json_is(json, JSON_OBJECT)) ||
        (is_queue && !json_is(json_get(json, "queue_pending"), JSON_LIST))) {
        classify(account, reply, arena, &out->failure);
        return;
    }
    if (read_stage(account, request, stage, id, json, arena, out))
        return;
    if (stage == COMFYUI_HISTORY_AGAIN) {
        read_missing(is_given_up, out);
        return;
    }
    next = next_stage(stage, find_item(json_get(json, "queue_running"), id) != NULL);
    go_on(out,
          comfyui_ask(account, id, next, is_given_up || stage >= COMFYUI_DELETE, arena, &out->next,
                      &err),
          &err, arena);
}

/* --- looking up --- */

/* [number, id, graph, {"client_id":…}, outputs]: ours by its id, or by whom it was sent. */
static bool is_ours(const struct json *item, struct str id, struct str client)
{
    return str_equal(json_text(json_item(item, 1)), id) ||
           str_equal(json_text(json_get(json_item(item, 3), "client_id")), client);
}

/* The id under which the server has it; empty: it is not in this reply. */
static struct str find_ours(const struct json *json, struct str id, struct str client)
{
    static const char *const lists[] = {"queue_running", "queue_pending"};
    struct json_cursor cursor = {0};
    const struct json *entry;
    struct str name;

    for (size_t list = 0; list < COUNT(lists); list++) {
        const struct json *items = json_get(json, lists[list]);
        for (size_t i = 0; i < json_count(items); i++)
            if (is_ours(json_item(items, i), id, client))
                return json_text(json_item(json_item(items, i), 1));
    }
    while (json_next(json, &cursor, &name, &entry)) /* the history, by id */
        if (str_equal(name, id) || is_ours(json_get(entry, "prompt"), id, client))
            return name;
    return STR_EMPTY;
}

/* The queue first: what leaves it is in the history by then. */
static void read_found(const struct provider_account *account, const struct exchange *exchange,
                       const struct exchange_reply *reply, struct arena *arena,
                       struct provider_verdict *out)
{
    CLEANUP(json_cleanup) struct json *json = NULL;
    enum comfyui_stage stage = (enum comfyui_stage)exchange->retry_stage;
    struct str client = exchange->memo, id = str_cut(&client, ' '), found;
    struct error err = {0};

    if (!is_good(reply) || !json_read_liberal(reply->body, &json, &err) ||
        !json_is(json, JSON_OBJECT) ||
        (stage == COMFYUI_FIND_QUEUE && !json_is(json_get(json, "queue_pending"), JSON_LIST))) {
        classify(account, reply, arena, &out->failure);
        if (out->failure.class == FAILURE_INVALID) /* of the question, not of the call */
            out->failure.class = FAILURE_SERVER;
        return;
    }
    found = find_ours(json, id, client);
    if (remote_id_is_plain(found, COMFYUI_ID_SIZE_MAX))
        wait_for(out, arena_str(arena, found), -1);
    else if (stage == COMFYUI_FIND_RECENT)
        read_missing(false, out);
    else
        go_on(out,
              comfyui_find(account, id, client, (enum comfyui_stage)(stage + 1), arena, &out->next,
                           &err),
              &err, arena);
}

void comfyui_read(const struct provider_account *account, const struct provider_request *request,
                  const struct exchange *exchange, const struct exchange_reply *reply,
                  struct arena *arena, struct provider_verdict *out)
{
    *out = (struct provider_verdict){
        .type = VERDICT_FAILED,
        .usage = {-1,  -1, -1, -1, -1, -1, NULL},
        .poll_after_ms = -1,
        .progress = -1,
        .failure = {.retry_after_ms = -1},
    };
    if (exchange->purpose == EXCHANGE_SUBMIT && !exchange->is_paid)
        read_step(account, request, exchange, reply, arena, out);
    else if (exchange->purpose == EXCHANGE_SUBMIT)
        read_submit(account, request, reply, arena, out);
    else if (exchange->purpose == EXCHANGE_LOOK_UP)
        read_found(account, exchange, reply, arena, out);
    else
        read_remote(account, request, exchange, reply, arena, out);
}
