/* workflow_http.c: a workflow that somebody chose, looked at before an account keeps it. */
#include "settings/settings_private.h"

#include <stdio.h>
#include <string.h>

struct workflow_input {
    struct str kind, graph, parameters;
};
#define INPUT(member) offsetof(struct workflow_input, member)
enum { INPUT_PARAMETERS = 2 };
static const struct field input_fields[] = {
    {"kind",       FIELD_TEXT, INPUT(kind),       FIELD_REQUIRED, 1, 40,     NULL, NULL, "Of the provider."},
    {"graph",      FIELD_TEXT, INPUT(graph),      FIELD_REQUIRED, 1, 100000, NULL, NULL,
     "The file's text, as it was exported for the API."                                                    },
    [INPUT_PARAMETERS] = {"parameters", FIELD_JSON, INPUT(parameters), 0,              0, 20000,  NULL, NULL,
     "What was declared: a list of {name, node, input}; not said: found."                                  },
};
static const struct shape input_shape = SHAPE("WorkflowInput", struct workflow_input, input_fields);

static const char *const input_types[] = {"text", "number", "picture", NULL};
#define SPOT(member) offsetof(struct provider_workflow_input, member)
static const struct field spot_fields[] = {
    {"parameter", FIELD_TEXT, SPOT(parameter), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "What of a call is put there: prompt, seed, …; empty: nothing."                                     },
    {"node",      FIELD_TEXT, SPOT(node),      FIELD_REQUIRED, 0, 0, NULL, NULL,        "The node's id."   },
    {"title",     FIELD_TEXT, SPOT(title),     FIELD_REQUIRED, 0, 0, NULL, NULL,
     "What the node is called in the editor; may be empty."                                                },
    {"class",     FIELD_TEXT, SPOT(class),     FIELD_REQUIRED, 0, 0, NULL, NULL,        "The node's class."},
    {"input",     FIELD_TEXT, SPOT(input),     FIELD_REQUIRED, 0, 0, NULL, NULL,        "The input's name."},
    {"type",      FIELD_ENUM, SPOT(type),      FIELD_REQUIRED, 0, 0, NULL, input_types,
     "Of what may be put there."                                                                           },
    {"value",     FIELD_TEXT, SPOT(value),     FIELD_REQUIRED, 0, 0, NULL, NULL,
     "What stands there, and stays while a call is silent."                                                },
};
static const struct shape spot_shape =
    SHAPE("WorkflowSpot", struct provider_workflow_input, spot_fields);

#define NOTE(member) offsetof(struct provider_workflow_note, member)
static const struct field note_fields[] = {
    {"code",  FIELD_ENUM, NOTE(code),  FIELD_REQUIRED, 0, 0, NULL, provider_workflow_notes,
     "What could not be decided, or was by a rule."                                                         },
    {"node",  FIELD_TEXT, NOTE(node),  FIELD_REQUIRED, 0, 0, NULL, NULL,                    "The node's id."},
    {"title", FIELD_TEXT, NOTE(title), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "Its title, or else its class."                                                                        },
    {"input", FIELD_TEXT, NOTE(input), FIELD_REQUIRED, 0, 0, NULL, NULL,
     "The input's name; may be empty."                                                                      },
};
static const struct shape note_shape =
    SHAPE("WorkflowNote", struct provider_workflow_note, note_fields);

#define VIEW(member) offsetof(struct provider_workflow, member)
static const struct field view_fields[] = {
    {"is_marked",  FIELD_BOOL, VIEW(is_marked),  FIELD_REQUIRED, 0, 0, NULL,        NULL,
     "It was marked by placeholders: there is nothing to declare."                                    },
    {"node_count", FIELD_INT,  VIEW(node_count), FIELD_REQUIRED, 0, 0, NULL,        NULL, "Its nodes."},
    {"parameters", FIELD_LIST, VIEW(parameters), FIELD_REQUIRED, 0, 0, &spot_shape, NULL,
     "As they were declared, or found; pictures in their order."                                      },
    {"inputs",     FIELD_LIST, VIEW(inputs),     FIELD_REQUIRED, 0, 0, &spot_shape, NULL,
     "All that one could be put into instead; 2,000 at most."                                         },
    {"notes",      FIELD_LIST, VIEW(notes),      FIELD_REQUIRED, 0, 0, &note_shape, NULL,
     "What one may want to look at."                                                                  },
};
static const struct shape view_shape = SHAPE("Workflow", struct provider_workflow, view_fields);

static bool read(struct request *req, struct error *err)
{
    const struct workflow_input *input = req->input;
    const struct provider_kind *kind = provider_kind_find(input->kind);
    CLEANUP(json_cleanup) struct json *parameters = NULL;
    struct provider_workflow workflow;

    if (kind == NULL || kind->read_workflow == NULL)
        return error_field(err, ERROR_NOT_IN_LIST, "kind", 0, "this kind works no workflows");
    if (request_present(req, INPUT_PARAMETERS) && !json_read(input->parameters, &parameters, err))
        return false;
    if (!kind->read_workflow(input->graph, parameters, req->arena, &workflow, err)) {
        if (strcmp(err->field, "workflow") == 0) /* as the kind calls what is a file's text here */
            (void)snprintf(err->field, sizeof(err->field), "graph");
        return false;
    }
    return http_reply(req, 200, &workflow, err);
}

const struct http_route workflow_routes[] = {
    {.method = "POST",
     .path = "/api/v1/provider-kinds/workflow",
     .access = ACCESS_ADMIN,
     .scope = SCOPE_ADMIN,
     .body = BODY_JSON,
     .limit = PROVIDER_BODY_SIZE_MAX,
     .handler = read,
     .in = &input_shape,
     .out = &view_shape,
     .summary = "What of a workflow takes a call's values; nothing is kept",
     .tag = "providers"},
    {0},
};
