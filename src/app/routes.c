/* The whole API on one screen; what each room offers stands at the end of its *_http.c. */
#include "app/app.h"

const struct http_route *const app_tables[] = {
    account_routes,       /* setup, auth, me */
    token_routes,         /* tokens */
    setting_routes,       /* settings */
    provider_kind_routes, /* provider-kinds */
    workflow_routes,
    provider_routes,      /* providers */
    key_routes,           /* providers: their keys */
    health_routes,        /* providers: health */
    provider_file_routes, /* providers: export, import */
    model_routes,         /* models */
    preset_routes,        /* presets */
    operation_routes,     /* operations */
    asset_routes,         /* assets, files */
    upload_routes,        /* assets: upload, import */
    bulk_routes,          /* assets: bulk, archives; tags */
    job_routes,           /* assets: jobs */
    product_routes,       /* products */
    run_routes,           /* runs */
    task_routes,          /* tasks */
    queue_routes,         /* queue */
    quick_routes,         /* generate, task */
    prompt_routes,        /* prompts */
    usage_routes,         /* usage */
    budget_routes,        /* budgets */
    feed_routes,          /* events */
    system_routes,        /* system/info */
    NULL,
};
