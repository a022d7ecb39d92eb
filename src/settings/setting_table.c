#include "settings/settings_private.h"

/* ---- what bounds cannot say ---- */

static bool is_list_of_names(struct str text, const char **why)
{
    *why = "names separated by commas, without spaces inside a name";
    for (struct str rest = text; rest.data != NULL && text.size > 0;) {
        struct str name = str_trim(str_cut(&rest, ','));

        if (name.size == 0 || str_find_char(name, ' ') >= 0)
            return false;
    }
    return true;
}

static bool is_origin(struct str text, const char **why)
{
    struct str rest;

    *why = "an origin like https://studio.example, without a path";
    if (text.size == 0)
        return true;
    if (str_starts_with(text, STR("https://")))
        rest = str_slice(text, 8, text.size);
    else if (str_starts_with(text, STR("http://")))
        rest = str_slice(text, 7, text.size);
    else
        return false;
    return rest.size > 0 && str_find_char(rest, '/') < 0 && str_find_char(rest, ' ') < 0 &&
           str_find_char(rest, '@') < 0;
}

static bool is_not_empty(struct str text, const char **why)
{
    *why = "given";
    return text.size > 0;
}

/*
 * TC260-PG-20252A: 27 characters: 00, subject type, binding, an 18-character credit code, and five
 * service characters.
 */
static bool is_producer_code(struct str text, const char **why)
{
    *why = "27 digits and capital letters that begin with 00";
    if (text.size == 0)
        return true;
    if (text.size != 27 || !str_starts_with(text, STR("00")))
        return false;
    for (size_t i = 0; i < text.size; i++)
        if (!((text.data[i] >= '0' && text.data[i] <= '9') ||
              (text.data[i] >= 'A' && text.data[i] <= 'Z')))
            return false;
    return true;
}

static const char *const log_levels[] = {"debug", "info", "warn", "error", NULL};

/* ---- every setting ---- */

const struct setting setting_table[] = {
    {
     .name = "listen",
     .group = "server",
     .type = SETTING_TEXT,
     .reach = SETTING_PLACED,
     .fallback = "127.0.0.1:29281",
     .min = 1,
     .max = 200,
     .check = is_not_empty,
     .label_en = "Address",
     .label_zh = "监听地址",
     .help_en = "Where the server answers: ADDRESS:PORT, or [IPV6]:PORT.",
     .help_zh = "服务监听的地址和端口，例如 127.0.0.1:29281 或 [::1]:29281。",
     },
    {
     .name = "data",
     .group = "server",
     .type = SETTING_TEXT,
     .reach = SETTING_PLACED,
     .fallback = "./data",
     .min = 1,
     .max = 1000,
     .check = is_not_empty,
     .label_en = "Data folder",
     .label_zh = "数据目录",
     .help_en = "Database, pictures and the master key live here.",
     .help_zh = "数据库、图片和主密钥都保存在这里。",
     },
    {
     .name = "insecure",
     .group = "server",
     .type = SETTING_BOOL,
     .reach = SETTING_PLACED,
     .fallback = "false",
     .label_en = "Allow plain HTTP beyond this machine",
     .label_zh = "允许在本机以外使用明文 HTTP",
     .help_en = "Needed to listen on other than a loopback address without TLS in front.",
     .help_zh = "前面没有 TLS 代理而要监听非本机地址时，必须打开。",
     },
    {
     .name = "hosts",
     .group = "server",
     .type = SETTING_TEXT,
     .reach = SETTING_PLACED,
     .fallback = "",
     .max = SETTING_TEXT_MAX,
     .check = is_list_of_names,
     .label_en = "Further host names",
     .label_zh = "其他主机名",
     .help_en = "Names under which browsers reach this server, separated by commas; others are "
                   "refused.",       .help_zh = "浏览器访问本服务所用的主机名，用逗号分隔；其余主机名一律拒绝。",
     },
    {
     .name = "proxies",
     .group = "server",
     .type = SETTING_TEXT,
     .reach = SETTING_PLACED,
     .fallback = "",
     .max = SETTING_TEXT_MAX,
     .check = is_list_of_names,
     .label_en = "Trusted proxies",
     .label_zh = "可信代理",
     .help_en = "Addresses whose X-Forwarded-* headers are believed, separated by commas.",
     .help_zh = "其 X-Forwarded-* 头可被信任的代理地址，用逗号分隔。",
     },
    {
     .name = "public_origin",
     .group = "server",
     .type = SETTING_TEXT,
     .reach = SETTING_PLACED,
     .fallback = "",
     .max = 300,
     .check = is_origin,
     .label_en = "Public address",
     .label_zh = "公开地址",
     .help_en = "How people reach this server, like https://studio.example; empty: as each "
                   "request says.",                                  .help_zh = "用户访问本服务的地址，例如 https://studio.example；留空则以请求为准。",
     },
    {
     .name = "admin_key",
     .group = "server",
     .type = SETTING_TEXT,
     .reach = SETTING_SECRET,
     .fallback = "",
     .max = 256,
     .label_en = "Admin key",
     .label_zh = "管理密钥",
     .help_en = "Makes the owner without a set-up link and is a bearer token with every scope; "
                   "12 characters or more.",                                                             .help_zh = "无需设置链接即可创建所有者，并可作为拥有全部权限的令牌使用；至少 12 个字符。",
     },
    {
     .name = "master_key",
     .group = "server",
     .type = SETTING_TEXT,
     .reach = SETTING_SECRET,
     .fallback = "",
     .max = 100,
     .label_en = "Master key",
     .label_zh = "主密钥",
     .help_en = "Seals the providers' keys: 32 bytes in base64; empty: the file master.key in "
                   "the data folder.",                                                           .help_zh = "用于加密服务商密钥：32 字节的 base64；留空则使用数据目录中的 master.key。",
     },
    {
     .name = "log.level",
     .group = "server",
     .type = SETTING_CHOICE,
     .reach = SETTING_SAVED,
     .fallback = "info",
     .choices = log_levels,
     .label_en = "Log level",
     .label_zh = "日志级别",
     .help_en = "Lines below this level are not written.",
     .help_zh = "低于此级别的日志不会写出。",
     },
    {
     .name = "log.json",
     .group = "server",
     .type = SETTING_BOOL,
     .reach = SETTING_SAVED,
     .fallback = "false",
     .label_en = "Log as JSON",
     .label_zh = "以 JSON 格式写日志",
     .help_en = "One JSON object a line instead of name=value pairs.",
     .help_zh = "每行写一个 JSON 对象，而不是 名称=值。",
     },
    {
     .name = "threads.io",
     .group = "server",
     .type = SETTING_INT,
     .reach = SETTING_SAVED,
     .fallback = "0",
     .min = 0,
     .max = 64,
     .label_en = "I/O threads",
     .label_zh = "I/O 线程数",
     .help_en = "Threads that read requests and send replies; 0: one per core.",
     .help_zh = "负责读取请求、直接应答简单查询并发送响应的线程数；0 表示与 CPU 核数相同。",
     },
    {
     .name = "threads.handler",
     .group = "server",
     .type = SETTING_INT,
     .reach = SETTING_SAVED,
     .fallback = "8",
     .min = 2,
     .max = 256,
     .label_en = "Handler threads",
     .label_zh = "请求处理线程数",
     .help_en = "Requests that are worked on at once.",
     .help_zh = "同时处理的请求数。",
     },
    {
     .name = "threads.worker",
     .group = "server",
     .type = SETTING_INT,
     .reach = SETTING_SAVED,
     .fallback = "0",
     .min = 0,
     .max = 256,
     .label_en = "Picture threads",
     .label_zh = "图片处理线程数",
     .help_en = "Pictures that are worked on at once; 0: one for each core.",
     .help_zh = "同时处理的图片数；0 表示每个核心一个。",
     },
    {
     .name = "rate.per_minute",
     .group = "limits",
     .type = SETTING_INT,
     .reach = SETTING_SAVED,
     .fallback = "1200",
     .min = 10,
     .max = 1000000,
     .label_en = "Requests a minute",
     .label_zh = "每分钟请求数",
     .help_en = "Of one user, token or address; costly requests count several times.",
     .help_zh = "每个用户、令牌或地址的上限；开销大的请求按多次计算。",
     },
    {
     .name = "shutdown.drain_s",
     .group = "server",
     .type = SETTING_INT,
     .reach = SETTING_SAVED,
     .fallback = "150",
     .unit = "s",
     .min = 0,
     .max = 3600,
     .label_en = "Wait at shutdown",
     .label_zh = "关闭前等待",
     .help_en = "How long running calls may take to finish when the server stops.",
     .help_zh = "停止服务时，等待进行中的调用完成的最长时间。",
     },
    {
     .name = "upload.size_max_mib",
     .group = "limits",
     .type = SETTING_INT,
     .reach = SETTING_SAVED,
     .is_live = true,
     .fallback = "64",
     .unit = "MiB",
     .min = 1,
     .max = 1024,
     .label_en = "Largest upload",
     .label_zh = "上传大小上限",
     .help_en = "Of one picture file.",
     .help_zh = "单个图片文件的大小上限。",
     },
    {
     .name = "picture.side_max_px",
     .group = "limits",
     .type = SETTING_INT,
     .reach = SETTING_SAVED,
     .is_live = true,
     .fallback = "16384",
     .unit = "px",
     .min = 256,
     .max = 65500,
     .label_en = "Longest side",
     .label_zh = "最长边上限",
     .help_en = "Pictures with a longer side are refused before they are decoded.",
     .help_zh = "边长超过此值的图片在解码前即被拒绝。",
     },
    {
     .name = "picture.pixels_max_mp",
     .group = "limits",
     .type = SETTING_INT,
     .reach = SETTING_SAVED,
     .is_live = true,
     .fallback = "100",
     .unit = "MP",
     .min = 1,
     .max = 1000,
     .label_en = "Most pixels",
     .label_zh = "像素上限",
     .help_en = "Million pixels of one picture; larger ones are refused unread.",
     .help_zh = "单张图片的百万像素上限；超过者在解码前即被拒绝。",
     },
    {
     .name = "picture.frames_max",
     .group = "limits",
     .type = SETTING_INT,
     .reach = SETTING_SAVED,
     .is_live = true,
     .fallback = "200",
     .min = 1,
     .max = 1000,
     .label_en = "Most frames",
     .label_zh = "帧数上限",
     .help_en = "Of an animated picture.",
     .help_zh = "动图的帧数上限。",
     },
    {
     .name = "trash.days",
     .group = "storage",
     .type = SETTING_INT,
     .reach = SETTING_SAVED,
     .is_live = true,
     .fallback = "30",
     .unit = "d",
     .min = 1,
     .max = 3650,
     .label_en = "Keep trash",
     .label_zh = "回收站保留时间",
     .help_en = "How long a deleted picture can be restored.",
     .help_zh = "已删除的图片可以恢复的时间。",
     },
    {
     .name = "label.producer_code",
     .group = "labels",
     .type = SETTING_TEXT,
     .reach = SETTING_SAVED,
     .is_live = true,
     .fallback = "",
     .max = 27,
     .check = is_producer_code,
     .label_en = "TC260 producer code",
     .label_zh = "TC260 服务提供者编码",
     .help_en = "Your registered 27-character code; generated pictures then carry the AIGC "
                   "record.  Empty: only the international label is written.",                            .help_zh = "贵单位登记的 27 位编码；填写后，生成的图片会写入 AIGC 隐式标识。"
                   "留空则只写入国际通用标识。", },
    {
     .name = "queue.deadline_h",
     .group = "queue",
     .type = SETTING_INT,
     .reach = SETTING_SAVED,
     .fallback = "24",
     .unit = "h",
     .min = 1,
     .max = 720,
     .label_en = "Deadline",
     .label_zh = "截止时间",
     .help_en = "A task that is not done by then fails.",
     .help_zh = "到时仍未完成的任务将失败。",
     },
    {
     .name = "queue.tries_max",
     .group = "queue",
     .type = SETTING_INT,
     .reach = SETTING_SAVED,
     .fallback = "5",
     .min = 1,
     .max = 20,
     .label_en = "Tries",
     .label_zh = "尝试次数",
     .help_en =
            "How often a task is tried when the provider fails; waiting for a busy one costs "
            "none.",                                                 .help_zh = "服务商出错时任务的最多尝试次数；因服务商繁忙而等待不计入。",
     },
    {
     .name = "queue.ask_above_micro",
     .group = "queue",
     .type = SETTING_INT,
     .reach = SETTING_SAVED,
     .is_live = true,
     .fallback = "0",
     .unit = "micro",
     .min = 0,
     .max = PRICE_MICRO_MAX,
     .label_en = "Ask above this price",
     .label_zh = "超过此价格时先询问",
     .help_en = "For new providers: when it is unknown whether a call was paid, a dearer one "
                   "waits for a person; a cheaper one is repeated once.  0: always ask.", .help_zh = "用于新建的服务商：无法确定某次调用是否已付费时，高于此价格的"
                   "会等待人工决定，低于此价格的自动重试一次。0 表示总是询问。",
     },
    {
     .name = "queue.per_user_max",
     .group = "limits",
     .type = SETTING_INT,
     .reach = SETTING_SAVED,
     .fallback = "1000",
     .unit = "tasks",
     .min = 1,
     .max = 100000,
     .label_en = "Waiting tasks of one user",
     .label_zh = "每个用户的排队任务数",
     .help_en = "More are refused until some are done.",
     .help_zh = "超过后拒绝新任务，直到有任务完成。",
     },
    {
     .name = "queue.total_max",
     .group = "limits",
     .type = SETTING_INT,
     .reach = SETTING_SAVED,
     .fallback = "100000",
     .unit = "tasks",
     .min = 1,
     .max = 1000000,
     .label_en = "Waiting tasks of all",
     .label_zh = "全部排队任务数",
     .help_en = "More are refused until some are done.",
     .help_zh = "超过后拒绝新任务，直到有任务完成。",
     },
};
const size_t setting_table_count = COUNT(setting_table);

_Static_assert(COUNT(setting_table) <= SETTING_COUNT_MAX, "struct settings has a place for each");
