/* A ComfyUI server's replies: facts 5. */
#include "provider/comfyui_test.h"

/* --- the steps' replies --- */

static void test_a_step_that_fails_cost_nothing(void **state)
{
    static const struct {
        struct exchange_reply reply;
        enum failure_class class;
        const char *why;
    } rows[] = {
        {{.outcome = EXCHANGE_LOST},                                      FAILURE_SERVER,   "lost"  },
        {{.outcome = EXCHANGE_NOT_SENT},                                  FAILURE_NOT_SENT, "down"  },
        {{.status = 500, .body = {"{}", 2}},                              FAILURE_SERVER,   "500"   },
        {{.status = 502, .body = {"<html>", 6}},                          FAILURE_SERVER,   "502"   },
        {{.status = 413},                                                 FAILURE_INVALID,  "large" },
        {{.status = 401},                                                 FAILURE_AUTH,     "key"   },
        {{.status = 200, .body = {"<html>", 6}},                          FAILURE_INVALID,  "a page"},
        {{.status = 200, .body = {"{}", 2}},                              FAILURE_INVALID,  "other" },
        {{.status = 200, .body = {"[]", 2}},                              FAILURE_INVALID,  "list"  },
        {{.status = 200, .body = {"", 0}},                                FAILURE_INVALID,  "empty" },
        {{.status = 200, .body = {"{\"name\":7}", 10}},                   FAILURE_INVALID,  "number"},
        {{.status = 200, .body = {"{\"name\":\"a\\nb\"}", 15}},           FAILURE_INVALID,  "lines" },
        {{.status = 200, .body = {"\xff\xfe\0{", 4}},                     FAILURE_INVALID,  "binary"},
        {{.status = 200, .body = {"{\"CheckpointLoaderSimple\":7}", 28}},
         FAILURE_INVALID,                                                                   "number"},
    };
    static const struct provider_image picture = {
        .bytes = {PNG_BYTES, sizeof PNG_BYTES - 1}
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows) * 2; i++) {
        struct provider_request request = request_of("img2img");
        struct exchange exchange;
        struct provider_verdict verdict;
        request.references = &picture;
        request.reference_count = 1;
        fixture_options(fixture, i % 2 == 0 ? "{}" : "{\"checkpoint\":\"m\"}");
        exchange = begin(fixture, &request);
        verdict = read_reply(fixture, &request, &exchange, &rows[i / 2].reply);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i / 2].class ||
            verdict.failure.charged != CHARGED_NO)
            fail_msg("%s: %s", rows[i / 2].why, failure_class_name(verdict.failure.class));
    }
}

static void test_a_server_without_a_fitting_checkpoint_says_so(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("flux");
    struct exchange exchange = begin(fixture, &request);
    struct provider_verdict verdict = read_body(
        fixture, &request, &exchange, 200,
        "{\"CheckpointLoaderSimple\":{\"input\":{\"required\":{\"ckpt_name\":[[\"a\"]]}}}}");

    assert_int_equal(verdict.failure.class, FAILURE_INVALID);
    assert_text(verdict.failure.message,
                "the server lists no checkpoint for flux; put one into models/checkpoints, or name "
                "it in the provider's settings");
}

static void test_a_memo_that_is_none_is_no_step(void **state)
{
    static const char *const memos[] = {"", "x", "[]x", "{\"names\":[1,2,3,4,5,6,7,8,9,10]}"};
    struct fixture *fixture = *state;
    struct provider_request request = request_of("txt2img");

    for (size_t i = 0; i < COUNT(memos); i++) {
        struct exchange exchange = {.purpose = EXCHANGE_SUBMIT, .memo = str_of(memos[i])};
        struct provider_verdict verdict = read_body(fixture, &request, &exchange, 200, "{}");
        assert_int_equal(verdict.type, VERDICT_FAILED);
        assert_int_equal(verdict.failure.charged, CHARGED_NO);
    }
}

/* --- the prompt's reply --- */

static void test_an_accepted_prompt_is_waited_for(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("txt2img");
    struct exchange exchange = submit_of(fixture, &request);
    struct provider_verdict verdict =
        read_body(fixture, &request, &exchange, 200,
                  "{\"prompt_id\":\"" ID "\",\"number\":3,\"node_errors\":{}}");

    assert_int_equal(verdict.type, VERDICT_WAIT);
    assert_text(verdict.remote_id, ID);
    assert_true(verdict.progress == 0);
}

/* The id is ours: whether it arrived is asked for, and nothing runs twice. */
static void test_a_lost_reply_is_asked_for_under_our_own_id(void **state)
{
    static const struct exchange_reply replies[] = {
        {.outcome = EXCHANGE_LOST},
        {.outcome = EXCHANGE_LOST, .status = 200, .body = {"{\"prom", 6}},
        {.status = 502,  .body = {"<html>", 6}},
        {.status = 504           },
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("txt2img");
    struct exchange exchange = submit_of(fixture, &request);

    for (size_t i = 0; i < COUNT(replies); i++) {
        struct provider_verdict verdict = read_reply(fixture, &request, &exchange, &replies[i]);
        assert_int_equal(verdict.type, VERDICT_WAIT);
        assert_true(str_equal(verdict.remote_id,
                              comfyui_uuid(request.idempotency_key, "prompt", fixture->arena)));
    }
    request.idempotency_key = STR_EMPTY; /* then there is no id to ask for */
    assert_int_equal(read_reply(fixture, &request, &exchange, &replies[0]).failure.class,
                     FAILURE_UNKNOWN);
}

/* --- looking a call up --- */

static struct exchange find_of(struct fixture *fixture, const struct provider_request *request)
{
    struct exchange exchange;
    struct error err;

    assert_true(provider_comfyui.look_up(&fixture->account, request->idempotency_key,
                                         fixture->arena, &exchange, &err));
    return exchange;
}

static const char *item_of(struct fixture *fixture, struct str id, struct str client)
{
    return arena_cstr(fixture->arena,
                      arena_printf(fixture->arena, "[3,\"%.*s\",{},{\"client_id\":\"%.*s\"},[]]",
                                   STR_ARGS(id), STR_ARGS(client)));
}

/* By our id, or by our client at a server that gives its own; whatever else is there. */
static void test_a_call_is_found_in_queue_and_history(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("txt2img");
    struct str own = comfyui_uuid(request.idempotency_key, "prompt", fixture->arena);
    struct str client = comfyui_uuid(request.idempotency_key, "client", fixture->arena);
    const char *const items[] = {item_of(fixture, own, STR("")), item_of(fixture, STR(ID), client)};
    const char *other = item_of(fixture, STR("0a1b"), STR("somebody"));

    for (size_t i = 0; i < COUNT(items); i++) {
        struct str expected = i == 0 ? own : STR(ID);
        struct exchange exchange = find_of(fixture, &request);
        struct provider_verdict verdict;
        const char *body;

        assert_int_equal(exchange.purpose, EXCHANGE_LOOK_UP);
        assert_false(exchange.is_paid);
        for (int is_pending = 0; is_pending <= 1; is_pending++) {
            body = arena_cstr(
                fixture->arena,
                arena_printf(fixture->arena, "{\"queue_running\":[%s],\"queue_pending\":[%s]}",
                             is_pending ? other : items[i], is_pending ? items[i] : other));
            verdict = read_body(fixture, &request, &exchange, 200, body);
            assert_int_equal(verdict.type, VERDICT_WAIT);
            assert_true(str_equal(verdict.remote_id, expected));
        }
        exchange =
            next_of(fixture, &request, &exchange, "{\"queue_running\":[],\"queue_pending\":[]}");
        if (i == 0) { /* finished, under our id */
            body = arena_cstr(fixture->arena,
                              arena_printf(fixture->arena, "{\"%.*s\":{}}", STR_ARGS(own)));
        } else { /* under the server's: only among the last of all */
            exchange = next_of(fixture, &request, &exchange, "{}");
            body = arena_cstr(fixture->arena,
                              arena_printf(fixture->arena,
                                           "{\"0a1b\":{\"prompt\":%s},\"" ID "\":{\"prompt\":%s}}",
                                           other, items[i]));
        }
        verdict = read_body(fixture, &request, &exchange, 200, body);
        assert_int_equal(verdict.type, VERDICT_WAIT);
        assert_true(str_equal(verdict.remote_id, expected));
    }
}

static void test_a_call_that_is_nowhere_is_not_said_to_be_unsent(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("txt2img");
    struct exchange exchange = find_of(fixture, &request);
    struct provider_verdict verdict;

    exchange = next_of(fixture, &request, &exchange, "{\"queue_running\":[],\"queue_pending\":[]}");
    exchange = next_of(fixture, &request, &exchange, "{}");
    verdict = read_body(fixture, &request, &exchange, 200, "{}");
    assert_int_equal(verdict.type, VERDICT_FAILED);
    assert_int_equal(verdict.failure.class, FAILURE_INVALID);
    assert_int_equal(verdict.failure.charged, CHARGED_MAYBE);
}

/* Only the queue and the history themselves can say that it is not there. */
static void test_an_answer_that_is_none_finds_nothing_out(void **state)
{
    static const struct exchange_reply replies[] = {
        {.status = 404,          .body = {"nothing here", 12}},
        {.status = 400                     },
        {.status = 200, .body = {"<html>", 6}},
        {.status = 200, .body = {"{}", 2}},
        {.status = 200,          .body = {"[]", 2}},
        {.status = 500                     },
        {.outcome = EXCHANGE_LOST},
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("txt2img");
    struct exchange exchange = find_of(fixture, &request);

    for (size_t i = 0; i < COUNT(replies); i++) {
        struct provider_verdict verdict = read_reply(fixture, &request, &exchange, &replies[i]);

        assert_int_equal(verdict.type, VERDICT_FAILED);
        assert_int_not_equal(verdict.failure.class, FAILURE_INVALID);
    }
}

/* An id of the server's that would change the address that is asked next. */
static void test_a_hostile_id_is_not_found(void **state)
{
    static const char *const ids[] = {
        "", "../../free", "a b",
        "01234567890123456789012345678901234567890123456789012345678901234"};
    struct fixture *fixture = *state;
    struct provider_request request = request_of("txt2img");
    struct str client = comfyui_uuid(request.idempotency_key, "client", fixture->arena);
    struct exchange exchange = find_of(fixture, &request);

    for (size_t i = 0; i < COUNT(ids); i++) {
        struct str body =
            arena_printf(fixture->arena, "{\"queue_running\":[%s],\"queue_pending\":[]}",
                         item_of(fixture, str_of(ids[i]), client));

        (void)next_of(fixture, &request, &exchange, arena_cstr(fixture->arena, body));
    }
    assert_false(provider_comfyui.look_up(&fixture->account, STR_EMPTY, fixture->arena, &exchange,
                                          &(struct error){0}));
}

static void test_refusals_name_node_and_class(void **state)
{
    /* clang-format off */
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
        enum charged charged;
        const char *message, *code;
    } rows[] = {
        {400, "{\"error\":{\"type\":\"prompt_outputs_failed_validation\",\"message\":\"Prompt outputs "
         "failed validation\",\"details\":\"\",\"extra_info\":{}},\"node_errors\":{\"ckpt\":{"
         "\"errors\":[{\"type\":\"value_not_in_list\",\"message\":\"Value not in list\",\"details\":"
         "\"ckpt_name: 'x' not in ['a']\",\"extra_info\":{}}],\"dependent_outputs\":[\"out\"],"
         "\"class_type\":\"CheckpointLoaderSimple\"},\"smp\":{\"errors\":[{\"message\":\"Value 0 "
         "smaller than min of 1\"}],\"class_type\":\"KSampler\"}}}", FAILURE_INVALID, CHARGED_NO,
         "node ckpt (CheckpointLoaderSimple): Value not in list, ckpt_name: 'x' not in ['a']; "
         "node smp (KSampler): Value 0 smaller than min of 1", "prompt_outputs_failed_validation"},
        {400, "{\"error\":{\"type\":\"invalid_prompt\",\"message\":\"Cannot execute because node X does "
         "not exist.\",\"details\":\"Node ID '#3'\",\"extra_info\":{}},\"node_errors\":{}}",
         FAILURE_INVALID, CHARGED_NO, "Cannot execute because node X does not exist.: Node ID '#3'",
         "invalid_prompt"},
        {400, "{\"error\":{\"type\":\"prompt_no_outputs\",\"message\":\"Prompt has no outputs\"},"
         "\"node_errors\":[]}", FAILURE_INVALID, CHARGED_NO, "Prompt has no outputs",
         "prompt_no_outputs"},
        {403, "", FAILURE_AUTH, CHARGED_NO, "the provider answered with status 403", ""},
        {401, "<html><title>Log in " KEY "</title>", FAILURE_AUTH, CHARGED_NO,
         "the server answered with a web page (Log in ***); is the base URL right?", ""},
        {500, "{\"error\":\"boom\"}", FAILURE_SERVER, CHARGED_MAYBE, "boom", ""},
        {429, "", FAILURE_THROTTLED, CHARGED_NO, "the provider answered with status 429", ""},
        {200, "{\"prompt_id\":\"../../x\"}", FAILURE_UNKNOWN, CHARGED_MAYBE,
         "the provider said success but sent nothing that can be used", ""},
        {200, "{\"prompt_id\":7}", FAILURE_UNKNOWN, CHARGED_MAYBE,
         "the provider said success but sent nothing that can be used", ""},
        {200, "<html>", FAILURE_INVALID, CHARGED_NO,
         "the server answered with a web page; is the base URL right?", ""},
        {200, "", FAILURE_UNKNOWN, CHARGED_MAYBE,
         "the provider said success but sent nothing that can be used", ""},
        {400, "{\"node_errors\":{\"a\":7,\"b\":{\"errors\":{}},\"c\":[]}}", FAILURE_INVALID, CHARGED_NO,
         "node a (): ; node b (): ; node c ():", ""},
    };
    /* clang-format on */
    struct fixture *fixture = *state;
    struct provider_request request = request_of("txt2img");
    struct exchange exchange;

    fixture->account.key.hidden = STR(KEY);
    exchange = submit_of(fixture, &request);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict =
            read_body(fixture, &request, &exchange, rows[i].status, rows[i].body);
        if (verdict.type != VERDICT_FAILED || verdict.failure.class != rows[i].class ||
            verdict.failure.charged != rows[i].charged)
            fail_msg("%s: %s", rows[i].body, failure_class_name(verdict.failure.class));
        assert_text(verdict.failure.message, rows[i].message);
        assert_text(verdict.failure.code, rows[i].code);
    }
}

static void test_a_password_is_masked_in_the_form_it_travels_in(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("m.safetensors");
    struct exchange exchange;
    struct provider_verdict verdict;

    fixture->account.key.hidden = STR("user:password");
    fixture_options(fixture, "{\"auth\":\"basic\"}");
    exchange = begin(fixture, &request);
    verdict = read_body(fixture, &request, &exchange, 401,
                        "{\"error\":\"Basic dXNlcjpwYXNzd29yZA== and user:password are unknown\"}");
    assert_text(verdict.failure.message, "Basic *** and *** are unknown");
}

/* --- asking --- */

#define HISTORY(status, messages, outputs)                                                         \
    "{\"" ID "\":{\"prompt\":[1,\"" ID "\",{},{},[\"out\"]],\"outputs\":{" outputs                 \
    "},\"status\":{\"status_str\":\"" status "\",\"completed\":true,\"messages\":[" messages       \
    "]},\"meta\":{}}}"
#define IMAGE(name, folder, type)                                                                  \
    "{\"filename\":\"" name "\",\"subfolder\":\"" folder "\",\"type\":\"" type "\"}"
#define RAISED                                                                                     \
    "[\"execution_error\",{\"node_id\":\"3\",\"node_type\":\"KSampler\",\"exception_type\":"       \
    "\"ValueError\",\"exception_message\":\"bad " KEY " shape\\n\",\"traceback\":[]}]"

static void test_pictures_are_the_saved_ones_with_the_key_for_their_address(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("txt2img");
    struct exchange exchange;
    struct provider_verdict verdict;

    fixture->account.key.hidden = STR(KEY);
    fixture->account.base_url = STR("http://gpu:8188");
    exchange = poll_of(fixture);
    assert_text(exchange.url, "http://gpu:8188/history/" ID);
    assert_int_equal(exchange.purpose, EXCHANGE_POLL);
    assert_text(header_of(&exchange, "Authorization"), "Bearer " KEY);
    request.count = 2;
    verdict = read_body(
        fixture, &request, &exchange, 200,
        HISTORY("success", "[\"execution_start\",{}],[\"execution_success\",{}]",
                "\"8\":{\"images\":[" IMAGE("p.png", "", "temp") "]},\"9\":{\"images\":[" IMAGE(
                    "a b&c_00001_.png", "tag/ü",
                    "output") "," IMAGE("2.png", "", "output") "]},\"10\":{\"text\":[\"x\"]}"));
    assert_int_equal(verdict.type, VERDICT_DONE);
    assert_int_equal(verdict.picture_count, 2);
    assert_text(verdict.pictures[0].url,
                "http://gpu:8188/view?filename=a%20b%26c_00001_.png&subfolder="
                "tag%2F%C3%BC&type=output");
    assert_text(verdict.pictures[1].url,
                "http://gpu:8188/view?filename=2.png&subfolder=&type=output");
    assert_int_equal(verdict.pictures[0].header_count, 1);
    assert_text(verdict.pictures[0].headers[0].value, "Bearer " KEY);
    assert_int_equal(verdict.missing.size, 0);
    assert_int_equal(verdict.usage.images, 2);
    assert_true(verdict.pictures[0].has_seed && !verdict.pictures[1].has_seed);
    assert_int_equal(verdict.pictures[0].seed, comfyui_seed(&request));
}

static void test_what_the_history_says_is_the_end(void **state)
{
    static const struct {
        const char *body;
        enum verdict_type type;
        enum failure_class class;
        const char *says; /* the message, or what is missing */
    } rows[] = {
        {HISTORY("error",                                                      RAISED,                                 ""),VERDICT_FAILED,FAILURE_REMOTE,
         "node 3 (KSampler): ValueError: bad *** shape"},
        {HISTORY("error",                       "",                                                             ""),VERDICT_FAILED,FAILURE_REMOTE,
         "the workflow failed, and the server does not say why"},
        {HISTORY("error",                                                      "[\"execution_interrupted\",{\"node_id\":\"3\"}]",                                                                              ""),VERDICT_FAILED,
         FAILURE_CANCELLED, "the work was interrupted at the server"},
        {HISTORY("success","",""),VERDICT_FAILED,FAILURE_RESULT_LOST,
         "the workflow ended but saved no picture: it needs a SaveImage node"},
        {HISTORY("success",                                                                    "",                                                                                          "\"9\":{\"images\":[" IMAGE("", "", "output") ",7,null,{}]}"),
         VERDICT_FAILED, FAILURE_RESULT_LOST,
         "the workflow ended but saved no picture: it needs a SaveImage node"},
        {HISTORY("success",                                                 "",                                         "\"9\":{\"images\":[" IMAGE("a.png","","output") "]}"),
         VERDICT_DONE, FAILURE_NONE, "the workflow saved 1 of 2 pictures"},
        {HISTORY("error",                                      RAISED,"\"9\":{\"images\":[" IMAGE("a.png","","output") "]}"),
         VERDICT_DONE, FAILURE_NONE, "node 3 (KSampler): ValueError: bad *** shape"},
        {"{\"" ID "\":{\"outputs\":{\"9\":{\"images\":[" IMAGE("a.png", "",                                       "output") "]}}}}",
         VERDICT_DONE,FAILURE_NONE, "the workflow saved 1 of 2 pictures"},
        {"{\"" ID "\":{\"outputs\":[],\"status\":7}}",                                                                  VERDICT_FAILED,                                                                                         FAILURE_RESULT_LOST,
         "the workflow ended but saved no picture: it needs a SaveImage node"},
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("txt2img");
    struct exchange exchange;

    fixture->account.key.hidden = STR(KEY);
    exchange = poll_of(fixture);
    request.count = 2;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict =
            read_body(fixture, &request, &exchange, 200, rows[i].body);
        if (verdict.type != rows[i].type || verdict.failure.class != rows[i].class)
            fail_msg("%s: %s", rows[i].body, failure_class_name(verdict.failure.class));
        assert_text(verdict.type == VERDICT_DONE ? verdict.missing : verdict.failure.message,
                    rows[i].says);
        assert_int_equal(verdict.failure.charged, CHARGED_NO);
    }
}

#define ITEM(number, id) "[" number ",\"" id "\",{},{},[]]"

static void test_a_place_in_the_queue_is_half_of_the_progress(void **state)
{
    static const struct {
        const char *queue;
        double progress;
    } rows[] = {
        {"{\"queue_running\":[" ITEM("1",        ID) "],\"queue_pending\":[]}",              0.5},
        {"{\"queue_running\":[],\"queue_pending\":[" ITEM("2",                                      ID) "]}",                             0.5},
        {"{\"queue_running\":[" ITEM("1",                                   "x") "],\"queue_pending\":[" ITEM("2",                                                 ID) "]}", 0.25},
        {"{\"queue_running\":[" ITEM("1","x") "],\"queue_pending\":[" ITEM("9",ID) "," ITEM(
             "10", "z") "," ITEM("2.5", "y") ",7,null,[]]}",
         0.5 / 3},
        {"{\"queue_running\":7,\"queue_pending\":[[{},\"" ID "\"],[1,2]]}",                                      0.25                                                 },
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("txt2img");
    struct exchange history = poll_of(fixture), queue = next_of(fixture, &request, &history, "{}");

    assert_text(queue.url, "http://127.0.0.1:8188/queue");
    assert_int_equal(queue.purpose, EXCHANGE_POLL);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct provider_verdict verdict = read_body(fixture, &request, &queue, 200, rows[i].queue);
        assert_int_equal(verdict.type, VERDICT_WAIT);
        assert_text(verdict.remote_id, ID);
        assert_float_equal(verdict.progress, rows[i].progress, 1e-9);
    }
}

static void test_work_that_ends_between_two_looks_is_found(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("txt2img");
    struct exchange exchange = poll_of(fixture);
    struct provider_verdict verdict;

    exchange = next_of(fixture, &request, &exchange, "{}");
    exchange = next_of(fixture, &request, &exchange, "{\"queue_running\":[],\"queue_pending\":[]}");
    assert_text(exchange.url, "http://127.0.0.1:8188/history/" ID);
    verdict =
        read_body(fixture, &request, &exchange, 200,
                  HISTORY("success", "", "\"9\":{\"images\":[" IMAGE("a", "", "output") "]}"));
    assert_int_equal(verdict.type, VERDICT_DONE);
    verdict = read_body(fixture, &request, &exchange, 200, "{}"); /* nowhere */
    assert_int_equal(verdict.failure.class, FAILURE_INVALID);
    assert_int_equal(verdict.failure.charged, CHARGED_MAYBE);
    assert_text(verdict.failure.message, "the server does not know this work; was it restarted?");
}

static void test_an_answer_that_is_none_says_nothing_about_the_work(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
    } rows[] = {
        {200, "[]",                               FAILURE_UNKNOWN},
        {200, "",                                 FAILURE_UNKNOWN},
        {200, "{\"" ID "\":{\"outputs\":{\"9\":", FAILURE_UNKNOWN},
        {200, "\xff\xfe",                         FAILURE_UNKNOWN},
        {200, "<html>",                           FAILURE_INVALID},
        {500, "",                                 FAILURE_SERVER },
        {401, "",                                 FAILURE_AUTH   },
    };
    struct fixture *fixture = *state;
    struct provider_request request = request_of("txt2img");
    struct exchange history = poll_of(fixture), queue = next_of(fixture, &request, &history, "{}");
    struct exchange_reply lost = {.outcome = EXCHANGE_LOST};
    char deep[400];

    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(
            read_body(fixture, &request, &history, rows[i].status, rows[i].body).failure.class,
            rows[i].class);
        assert_int_equal(
            read_body(fixture, &request, &queue, rows[i].status, rows[i].body).failure.class,
            rows[i].class);
    }
    memset(deep, '[', sizeof deep);
    deep[sizeof deep - 1] = '\0';
    assert_int_equal(read_body(fixture, &request, &history, 200, deep).type, VERDICT_FAILED);
    assert_int_equal(read_reply(fixture, &request, &history, &lost).failure.class, FAILURE_UNKNOWN);
    assert_int_equal(read_body(fixture, &request, &queue, 200, "{}").failure.class,
                     FAILURE_UNKNOWN); /* an object, but no queue */
}

static void test_an_id_that_is_none_is_not_asked_for(void **state)
{
    static const char *const ids[] = {
        "",    "../x",
        "a b", "a/b",
        "a?b", "\"",
        "ü",   "0123456789012345678901234567890123456789012345678901234567890123456789"};
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(ids); i++) {
        struct exchange exchange;
        struct error err = {0};
        assert_false(provider_comfyui.poll(&fixture->account, str_of(ids[i]), fixture->arena,
                                           &exchange, &err));
        assert_string_equal(err.field, "remote_id");
        assert_false(provider_comfyui.cancel(&fixture->account, str_of(ids[i]), fixture->arena,
                                             &exchange, &err));
    }
}

/* --- giving up --- */

static struct exchange cancel_of(struct fixture *fixture)
{
    struct exchange exchange;
    struct error err;

    assert_true(
        provider_comfyui.cancel(&fixture->account, STR(ID), fixture->arena, &exchange, &err));
    return exchange;
}

static void test_waiting_work_is_taken_out_of_the_queue(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("txt2img");
    struct exchange exchange = cancel_of(fixture);
    struct provider_verdict verdict;

    assert_int_equal(exchange.purpose, EXCHANGE_CANCEL);
    assert_text(exchange.method, "POST");
    assert_text(exchange.url, "http://127.0.0.1:8188/queue");
    assert_text(body_of(&exchange, fixture->arena), "{\"delete\":[\"" ID "\"]}");
    exchange = next_of(fixture, &request, &exchange, "");
    assert_text(exchange.url, "http://127.0.0.1:8188/queue");
    assert_text(exchange.method, "GET");
    /* somebody else's runs: it is not touched */
    exchange = next_of(fixture, &request, &exchange,
                       "{\"queue_running\":[" ITEM("1", "x") "],\"queue_pending\":[]}");
    assert_text(exchange.url, "http://127.0.0.1:8188/history/" ID);
    assert_int_equal(exchange.purpose, EXCHANGE_POLL);
    exchange = next_of(fixture, &request, &exchange, "{}");
    exchange = next_of(fixture, &request, &exchange, "{\"queue_running\":[],\"queue_pending\":[]}");
    verdict = read_body(fixture, &request, &exchange, 200, "{}");
    assert_int_equal(verdict.failure.class, FAILURE_CANCELLED);
    assert_int_equal(verdict.failure.charged, CHARGED_NO);
}

static void test_running_work_is_interrupted_by_its_id(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("txt2img");
    struct exchange exchange = cancel_of(fixture);
    struct provider_verdict verdict;

    exchange = next_of(fixture, &request, &exchange, "");
    exchange = next_of(fixture, &request, &exchange,
                       "{\"queue_running\":[" ITEM("1", ID) "],\"queue_pending\":[]}");
    assert_text(exchange.url, "http://127.0.0.1:8188/interrupt");
    assert_text(body_of(&exchange, fixture->arena), "{\"prompt_id\":\"" ID "\"}");
    assert_int_equal(exchange.purpose, EXCHANGE_CANCEL);
    exchange = next_of(fixture, &request, &exchange, "");
    verdict = read_body(fixture, &request, &exchange, 200,
                        HISTORY("error", "[\"execution_interrupted\",{}]", ""));
    assert_int_equal(verdict.failure.class, FAILURE_CANCELLED);
    /* it was done before the interrupt came: then it is kept */
    verdict =
        read_body(fixture, &request, &exchange, 200,
                  HISTORY("success", "", "\"9\":{\"images\":[" IMAGE("a", "", "output") "]}"));
    assert_int_equal(verdict.type, VERDICT_DONE);
}

/* --- the free call --- */

static void test_a_probe_lists_templates_and_checkpoints(void **state)
{
    struct fixture *fixture = *state;
    struct exchange exchange;
    struct exchange_reply reply = reply_of(
        200,
        "{\"CheckpointLoaderSimple\":{\"input\":{\"required\":{\"ckpt_name\":[[\"a.safetensors\","
        "7,\"\",\"b\\nc\"],{}]}}}}");
    struct str *models;
    size_t count;
    struct provider_failure failure;
    struct error err = {0};

    assert_true(provider_comfyui.probe(&fixture->account, fixture->arena, &exchange, &err));
    assert_int_equal(exchange.purpose, EXCHANGE_PROBE);
    assert_false(exchange.is_paid);
    provider_comfyui.read_probe(&fixture->account, &reply, fixture->arena, &models, &count,
                                &failure);
    assert_int_equal(failure.class, FAILURE_NONE);
    assert_int_equal(count, 6);
    assert_text(models[0], "txt2img");
    assert_text(models[3], "flux");
    assert_text(models[4], "a.safetensors");
    fixture_options(fixture, OWN(""));
    provider_comfyui.read_probe(&fixture->account, &reply, fixture->arena, &models, &count,
                                &failure);
    assert_text(models[4], "custom");
}

static void test_a_probe_of_something_else_fails(void **state)
{
    static const struct {
        int status;
        const char *body;
        enum failure_class class;
    } rows[] = {
        {200, "{}",                      FAILURE_INVALID},
        {200, "<html>",                  FAILURE_INVALID},
        {200, "{\"data\":[{\"id\":1}]}", FAILURE_INVALID},
        {404, "",                        FAILURE_INVALID},
        {401, "",                        FAILURE_AUTH   },
        {500, "",                        FAILURE_SERVER },
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct exchange_reply reply = reply_of(rows[i].status, rows[i].body);
        struct str *models;
        size_t count;
        struct provider_failure failure;
        provider_comfyui.read_probe(&fixture->account, &reply, fixture->arena, &models, &count,
                                    &failure);
        assert_int_equal(failure.class, rows[i].class);
        assert_int_equal(failure.charged, CHARGED_NO);
        assert_int_equal(count, 0);
    }
}

static void test_it_takes_no_money(void **state)
{
    struct fixture *fixture = *state;
    struct provider_request request = request_of("txt2img");
    const char *currency;

    request.count = 3;
    assert_int_equal(provider_estimate(&provider_comfyui, &fixture->account, &request, &currency),
                     0);
    request.model = STR("x.safetensors");
    assert_int_equal(provider_estimate(&provider_comfyui, &fixture->account, &request, &currency),
                     0);
    assert_true(provider_comfyui.wants_white_mask(&fixture->account));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_step_that_fails_cost_nothing),
        TEST(test_a_server_without_a_fitting_checkpoint_says_so),
        TEST(test_a_memo_that_is_none_is_no_step),
        TEST(test_an_accepted_prompt_is_waited_for),
        TEST(test_a_lost_reply_is_asked_for_under_our_own_id),
        TEST(test_a_call_is_found_in_queue_and_history),
        TEST(test_a_call_that_is_nowhere_is_not_said_to_be_unsent),
        TEST(test_an_answer_that_is_none_finds_nothing_out),
        TEST(test_a_hostile_id_is_not_found),
        TEST(test_refusals_name_node_and_class),
        TEST(test_a_password_is_masked_in_the_form_it_travels_in),
        TEST(test_pictures_are_the_saved_ones_with_the_key_for_their_address),
        TEST(test_what_the_history_says_is_the_end),
        TEST(test_a_place_in_the_queue_is_half_of_the_progress),
        TEST(test_work_that_ends_between_two_looks_is_found),
        TEST(test_an_answer_that_is_none_says_nothing_about_the_work),
        TEST(test_an_id_that_is_none_is_not_asked_for),
        TEST(test_waiting_work_is_taken_out_of_the_queue),
        TEST(test_running_work_is_interrupted_by_its_id),
        TEST(test_a_probe_lists_templates_and_checkpoints),
        TEST(test_a_probe_of_something_else_fails),
        TEST(test_it_takes_no_money),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
