/*
 * bench/jobs_server.c: the whole server with one more operation, whose call makes nothing: what a
 * job costs beside the pictures, for bench/jobs.mjs.  It goes the way of every paid call: intent
 * before the first byte, the call's key sent along, settled at its end.
 */
#include "app/app.h"
#include "core/json.h"
#include "operation/operation_private.h"

static bool request_of(const struct json *parameters, size_t reference_count, bool has_mask,
                       struct arena *arena, struct provider_request *out, struct error *err)
{
    (void)reference_count, (void)has_mask, (void)err;
    *out = (struct provider_request){
        .action = PROVIDER_GENERATE,
        .prompt = arena_str(arena, json_text(json_get(parameters, "prompt"))),
        .count = 1,
        .compression = -1,
    };
    return true;
}

static void call(struct attempt *attempt, struct step *out)
{
    CLEANUP(json_cleanup) struct json *parameters = NULL;
    struct error err = {0};
    struct exchange_header *headers = ARENA_ARRAY(attempt->arena, struct exchange_header, 2);
    struct str *body = ARENA_NEW(attempt->arena, struct str);

    if (!json_read(attempt->parameters, &parameters, &err)) {
        step_fail_error(attempt, out, &err, CHARGED_NO);
        return;
    }
    headers[0] = (struct exchange_header){STR("content-type"), STR("application/json")};
    headers[1] = (struct exchange_header){STR("idempotency-key"), attempt->call_key};
    *body = arena_printf(attempt->arena, "{\"prompt\":\"%.*s\"}",
                         STR_ARGS(json_text(json_get(parameters, "prompt"))));
    out->type = STEP_EXCHANGE;
    out->exchange = (struct exchange){
        .purpose = EXCHANGE_SUBMIT,
        .is_paid = true,
        .is_own_origin = true,
        .method = STR("POST"),
        .url = arena_str(attempt->arena, json_text(json_get(parameters, "url"))),
        .headers = headers,
        .header_count = 2,
        .body = body,
        .body_count = 1,
        .reply_size_max = MIB(1),
    };
}

static void reply(struct attempt *attempt, const struct exchange *exchange,
                  const struct exchange_reply *got, struct step *out)
{
    (void)exchange;
    if (got->outcome != EXCHANGE_REPLIED) {
        step_fail(attempt, out, got->outcome == EXCHANGE_LOST ? FAILURE_UNKNOWN : FAILURE_NOT_SENT,
                  got->outcome == EXCHANGE_LOST ? CHARGED_MAYBE : CHARGED_NO, "%s",
                  got->err.message);
        return;
    }
    if (got->status != 200) {
        step_fail(attempt, out, FAILURE_SERVER, CHARGED_NO, "status %d", got->status);
        return;
    }
    *out = (struct step){.type = STEP_DONE,
                         .output = STR("{\"pictures\":[]}"),
                         .cost_micro = 0,
                         .currency = "USD",
                         .http_status = got->status};
}

static const struct operation_parameter parameters[] = {
    {.name = "prompt",     .type = PARAMETER_TEXT, .is_required = true,         .min = 1, .max = 200},
    {.name = "url",          .type = PARAMETER_URL,                                .is_required = true,                                               .min = 8, .max = 200},
    {.name = "model", .type = PARAMETER_MODEL,.max = 200},
};

static const struct operation job = {
    .engine = {.name = "bench.call", .needs_provider = true, .begin = call, .reply = reply},
    .label_en = "Call",
    .label_zh = "Call",
    .help_en = "Asks for nothing.",
    .help_zh = "Asks for nothing.",
    .parameters = parameters,
    .parameter_count = COUNT(parameters),
    .request = request_of,
};
static const struct operation *const registry[] = {&job, NULL};
static const struct engine_operation *const engine_registry[] = {&job.engine, NULL};

/* Instead of operation/registry.c, which then stays in its library. */
const struct operation *const *operations(void) { return registry; }
const struct engine_operation *const *operations_for_engine(void) { return engine_registry; }
const struct operation *operation_find(struct str name)
{
    return str_equal(name, str_of(job.engine.name)) ? &job : NULL;
}

static struct app app = {.lock_fd = -1};

int main(int count, char **words) { return app_command(&app, count, words); }
