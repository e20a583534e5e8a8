/*
 * This file is part of runway_v2v.
 *
 * runway_v2v is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * runway_v2v is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with runway_v2v; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "drift.h"
#include "looks.h"
#include "models.h"
#include "options.h"
#include "util.h"

#define DATA_URI_LIMIT 5242880

enum {
    OPT_PORT = 256, OPT_CDN_PORT, OPT_BIND, OPT_TLS_CERT, OPT_TLS_KEY,
    OPT_KEY, OPT_LOG, OPT_READY_FILE, OPT_MAX_SECONDS, OPT_LATENCY,
    OPT_CONCURRENCY, OPT_DAILY, OPT_BALANCE, OPT_PRICE, OPT_DATA_URI_LIMIT,
    OPT_DATA_URI_STATUS, OPT_BODY_LIMIT, OPT_URL_LIFETIME, OPT_URL_TAIL,
    OPT_OUTPUT_AFTER, OPT_FAIL_TASKS,
    OPT_WRAP, OPT_NOT_EXIST_FOR, OPT_NOT_EXIST_AS, OPT_WRONG_PATH,
    OPT_BAD_REQUEST_STATUS, OPT_FFMPEG, OPT_FFPROBE, OPT_RENDERERS,
    OPT_RESULT_RATE, OPT_RESULT_FRAMES, OPT_RESULT_STRETCH, OPT_RESULT_SIZE,
    OPT_RESULT_FIT, OPT_RESULT_UNTAGGED, OPT_NO_AUDIO, OPT_RESULT_VFR,
    OPT_RESULT_FILE, OPT_DRIFT, OPT_RESULT_CRF, OPT_RESULT_CODEC, OPT_FAULT, OPT_SEED, OPT_HELP,
};

static const struct option long_options[] = {
    { "port",               required_argument, NULL, OPT_PORT },
    { "cdn-port",           required_argument, NULL, OPT_CDN_PORT },
    { "bind",               required_argument, NULL, OPT_BIND },
    { "tls-cert",           required_argument, NULL, OPT_TLS_CERT },
    { "tls-key",            required_argument, NULL, OPT_TLS_KEY },
    { "key",                required_argument, NULL, OPT_KEY },
    { "log",                required_argument, NULL, OPT_LOG },
    { "ready-file",         required_argument, NULL, OPT_READY_FILE },
    { "max-seconds",        required_argument, NULL, OPT_MAX_SECONDS },
    { "latency",            required_argument, NULL, OPT_LATENCY },
    { "concurrency",        required_argument, NULL, OPT_CONCURRENCY },
    { "daily",              required_argument, NULL, OPT_DAILY },
    { "balance",            required_argument, NULL, OPT_BALANCE },
    { "price",              required_argument, NULL, OPT_PRICE },
    { "data-uri-limit",     required_argument, NULL, OPT_DATA_URI_LIMIT },
    { "data-uri-status",    required_argument, NULL, OPT_DATA_URI_STATUS },
    { "body-limit",         required_argument, NULL, OPT_BODY_LIMIT },
    { "url-lifetime",       required_argument, NULL, OPT_URL_LIFETIME },
    { "url-tail",           required_argument, NULL, OPT_URL_TAIL },
    { "output-after",       required_argument, NULL, OPT_OUTPUT_AFTER },
    { "fail-tasks",         required_argument, NULL, OPT_FAIL_TASKS },
    { "wrap",               no_argument,       NULL, OPT_WRAP },
    { "not-exist-for",      required_argument, NULL, OPT_NOT_EXIST_FOR },
    { "not-exist-as",       required_argument, NULL, OPT_NOT_EXIST_AS },
    { "wrong-path",         required_argument, NULL, OPT_WRONG_PATH },
    { "bad-request-status", required_argument, NULL, OPT_BAD_REQUEST_STATUS },
    { "ffmpeg",             required_argument, NULL, OPT_FFMPEG },
    { "ffprobe",            required_argument, NULL, OPT_FFPROBE },
    { "renderers",          required_argument, NULL, OPT_RENDERERS },
    { "result-rate",        required_argument, NULL, OPT_RESULT_RATE },
    { "result-frames",      required_argument, NULL, OPT_RESULT_FRAMES },
    { "result-stretch",     required_argument, NULL, OPT_RESULT_STRETCH },
    { "result-size",        required_argument, NULL, OPT_RESULT_SIZE },
    { "result-fit",         required_argument, NULL, OPT_RESULT_FIT },
    { "result-untagged",    no_argument,       NULL, OPT_RESULT_UNTAGGED },
    { "no-audio",           no_argument,       NULL, OPT_NO_AUDIO },
    { "result-vfr",         no_argument,       NULL, OPT_RESULT_VFR },
    { "result-file",        required_argument, NULL, OPT_RESULT_FILE },
    { "result-crf",         required_argument, NULL, OPT_RESULT_CRF },
    { "result-codec",       required_argument, NULL, OPT_RESULT_CODEC },
    { "drift",              required_argument, NULL, OPT_DRIFT },
    { "fault",              required_argument, NULL, OPT_FAULT },
    { "seed",               required_argument, NULL, OPT_SEED },
    { "help",               no_argument,       NULL, OPT_HELP },
    { NULL, 0, NULL, 0 }
};

static const char help_text[] =
"runway-simulator: a video-to-video API on this machine, for tests and demos\n"
"\n"
"usage: runway-simulator [options]\n"
"\n"
"It answers as two providers do: below /runwayml/v1/ as CometAPI, below /v1/ as\n"
"Runway itself. Requests are checked as strictly as the service checks them,\n"
"tasks take their time, and results are really made of the clip that was sent.\n"
"It listens on loopback only. Nothing it \"bills\" costs anything.\n"
"\n"
"Once it listens it prints one line of JSON:\n"
"  {\"api\":\"http://127.0.0.1:PORT/runwayml\",\"runway\":\"http://127.0.0.1:PORT\",\n"
"   \"cdn\":\"http://127.0.0.1:PORT2\",\"pid\":N}\n"
"SIGINT and SIGTERM end it. GET CDN/_sim/stats says what happened so far.\n"
"\n"
"Server:\n"
"  --port N               port of the API; 0: any (default 0)\n"
"  --cdn-port N           port of the results and the storage (default 0)\n"
"  --bind ADDRESS         loopback address (default 127.0.0.1)\n"
"  --tls-cert FILE        serve https with this PEM certificate ...\n"
"  --tls-key FILE         ... and this PEM key\n"
"  --key KEY              the only valid key (default: any that is not empty)\n"
"  --log FILE             append one JSON line per request and event\n"
"  --ready-file FILE      write the line printed above there as well\n"
"  --max-seconds N        end after that time; 0: never (default 3600)\n"
"\n"
"Service:\n"
"  --latency SECONDS      from PENDING to SUCCEEDED (default 2)\n"
"  --concurrency N        tasks that run at once, the others are THROTTLED;\n"
"                         0: no limit (default 0)\n"
"  --daily N              tasks that may be created, then 429 (default:\n"
"                         unlimited)\n"
"  --balance CREDITS      credits of the account (default: unlimited)\n"
"  --price FACTOR         on all prices, rounded up (default 1)\n"
"  --data-uri-limit N     characters in a data URI (default 5242880)\n"
"  --data-uri-status N    what a longer one gets: 413 or 400 (default 413)\n"
"  --body-limit N         bytes in a request's body, then 413 (default\n"
"                         16777216)\n"
"  --url-lifetime SECONDS how long an output URL is valid (default 86400);\n"
"                         polling the task again gives a new one\n"
"  --url-tail TEXT        stands at the end of output URLs as it is, such as\n"
"                         '&name=my film'\n"
"  --output-after SECONDS a task that has SUCCEEDED has no output before that\n"
"                         (default 0)\n"
"  --fail-tasks LIST      N=CODE[,N=CODE...]: the N-th task fails with that\n"
"                         failureCode; N may be *\n"
"\n"
"Gateway (below /runwayml only):\n"
"  --wrap                 task replies are wrapped\n"
"  --not-exist-for SECS   a new task does not exist for that long (default 0)\n"
"  --not-exist-as STATUS  and is then answered with 200, 400 or 404 (default\n"
"                         400); so are tasks that never were\n"
"  --wrong-path HOW       unknown paths get html (status 200), 301 or 404\n"
"                         (default html)\n"
"  --bad-request-status N bad requests are answered with 400 or 500 (default\n"
"                         400)\n"
"\n"
"Result:\n"
"  --ffmpeg PATH          program that makes it (default: beside this one, else\n"
"                         from PATH)\n"
"  --ffprobe PATH         program that checks clips (default: beside that)\n"
"  --renderers N          results that are made at once (default 2)\n"
"  --result-rate R        frames per second, 24 or 30000/1001, or source\n"
"                         (default 24)\n"
"  --result-frames +N|-N  frames more or fewer than the length needs (default\n"
"                         +1: 5 s become 121 frames)\n"
"  --result-stretch F     as long as the clip times F, 0.1 to 10 (default 1)\n"
"  --result-size WxH      size (default: the ratio's where the model has one,\n"
"                         else the clip's, rounded down to a multiple of 16)\n"
"  --result-fit HOW       a clip of another shape is stretched or cropped:\n"
"                         stretch, crop (default stretch)\n"
"  --result-untagged      no colour tags\n"
"  --result-vfr           one frame in five is missing: a variable rate\n"
"  --result-crf N         x264's constant quality of H.264 results (default 14)\n"
"  --result-codec NAME    h264, hevc10 (10-bit H.264 where ffmpeg has no\n"
"                         libx265) or prores (default: as outputFormat says)\n"
"  --result-file FILE     every result is that file (.mp4, .mov, .zip)\n"
"  --drift LIST           colour, light and placement differ from clip to clip,\n"
"                         by --seed: tone, field, place, grain, slide, objects,\n"
"                         or all (default: nothing)\n"
"  --no-audio             no sound (default: a tone, as AAC)\n"
"\n"
"Faults:\n"
"  --fault WHERE[:WHICH]=WHAT   may be given up to 64 times; the first that fits\n"
"                               a request happens to it\n"
"  --seed N                     where random faults start (default 1)\n"
"\n"
"  WHERE  create, read, delete, account, upload (asking for a slot), storage\n"
"         (sending the file), download\n"
"  WHICH  counted from 1 for each WHERE: 3, 3-5, 3+ (from the third on), * (all),\n"
"         20% (each with that chance); default 1\n"
"  WHAT   drop-before        close without reading the body\n"
"         drop-after         read, do what was asked (a create is billed), close\n"
"         drop-late=SECONDS  the same, that much later\n"
"         status=CODE        do nothing but answer CODE\n"
"         after-status=CODE  do what was asked, but answer CODE\n"
"         after-page=CODE    do what was asked, but answer CODE with the web\n"
"                            page of a proxy in between\n"
"         stall=SECONDS      do what was asked, answer that much later\n"
"         cut=BYTES          announce all, send so many bytes, close\n"
"         slow=BYTES         send so many bytes per second\n"
"         huge               send without end\n"
"         bad-json           do what was asked, answer 200 with broken JSON\n"
"         html               do what was asked, answer 200 with a web page\n"
"         status, after-status, after-page, bad-json and html take\n"
"         ,retry-after=SECONDS\n"
"  For example: --fault create:2=drop-after --fault 'read:10%=status=502'\n"
"               --fault 'create=status=429,retry-after=1'\n"
"\n"
"The prompt picks the look, by its words:\n";

static const char help_end[] =
"A prompt with \"fail CODE\" or \"fail with CODE\" in it, such as \"please fail\n"
"with INTERNAL.BAD_OUTPUT.CODE01\", gives a task that FAILS with that\n"
"failureCode; the code NONE leaves failureCode out, CANCELLED gives a task that\n"
"is CANCELLED. References are shown in the lower right corner, keyframes fill\n"
"the picture around their time.\n"
"\n"
"Models: ";

static void print_help(void)
{
    fputs(help_text, stdout);
    for (const SimLook *look = sim_looks; look->name; look++)
        printf("  %-28s %s\n", *look->words ? look->words : "(anything else)",
               look->about);
    fputs(help_end, stdout);
    for (const SimModel *model = sim_models; model->name; model++)
        printf("%s%s", model == sim_models ? "" :
               (model - sim_models) % 5 ? ", " : ",\n        ", model->name);
    puts("");
}

static int mistake(const char *option, const char *value, const char *text)
{
    fprintf(stderr, "runway-simulator: --%s %s: %s\n", option, value, text);
    return -1;
}

static int number(const char *option, const char *value, double min,
                  double max, double *out)
{
    char text[96];

    if (!sim_parse_number(value, min, max, out))
        return 0;
    snprintf(text, sizeof(text), "a number from %.10g to %.10g is expected",
             min, max);
    return mistake(option, value, text);
}

static int whole(const char *option, const char *value, double min, double max,
                 int *out)
{
    double v;

    if (number(option, value, min, max, &v) < 0)
        return -1;
    if (v != (int)v)
        return mistake(option, value, "a whole number is expected");
    *out = (int)v;
    return 0;
}

static int rate(SimOptions *options, const char *value)
{
    int num, den = 1, end = 0;
    double v;

    if (!strcmp(value, "source")) {
        options->rate_num = options->rate_den = 0;
        return 0;
    }
    if (sscanf(value, "%d/%d%n", &num, &den, &end) != 2 || value[end]) {
        if (sim_parse_number(value, 0.1, 1000, &v))
            return mistake("result-rate", value, "frames per second, as 24 or "
                           "24000/1001, or source is expected");
        num = (int)(v * 1000 + 0.5);
        den = 1000;
    }
    if (num <= 0 || den <= 0)
        return mistake("result-rate", value, "must be above 0");
    options->rate_num = num;
    options->rate_den = den;
    return 0;
}

static int fail_tasks(SimOptions *options, char *list)
{
    static const char *const error = "N=CODE[,N=CODE...] is expected, where "
                                     "N may be *";
    char *save = NULL;

    for (char *item = strtok_r(list, ",", &save); item;
         item = strtok_r(NULL, ",", &save)) {
        SimFailTask *fail = &options->fail_tasks[options->nb_fail_tasks];
        char *equals = strchr(item, '=');
        double n = 0;

        if (options->nb_fail_tasks == SIM_MAX_FAIL_TASKS)
            return mistake("fail-tasks", item, "too many");
        if (!equals || !equals[1])
            return mistake("fail-tasks", item, error);
        *equals = '\0';
        if (strcmp(item, "*") && sim_parse_number(item, 1, 1e6, &n))
            return mistake("fail-tasks", item, error);
        fail->n    = (int)n;
        fail->code = equals + 1;
        options->nb_fail_tasks++;
    }
    return 0;
}

static int one_of(const char *option, const char *value,
                  const char *const *words, int *out)
{
    SimBuf list = { 0 };

    for (int i = 0; words[i]; i++) {
        if (!strcmp(words[i], value)) {
            *out = i;
            return 0;
        }
    }
    sim_buf_printf(&list, "expected is one of");
    for (int i = 0; words[i]; i++)
        sim_buf_printf(&list, " %s", words[i]);
    mistake(option, value, list.data);
    sim_buf_free(&list);
    return -1;
}

static int is_loopback(const char *address)
{
    return !strcmp(address, "::1") ||
           (sim_has_prefix(address, "127.") &&
            !address[strspn(address, "0123456789.")]);
}

static int set_server(SimOptions *o, int option, const char *name, char *arg)
{
    switch (option) {
    case OPT_PORT:
        return whole(name, arg, 0, 65535, &o->port);
    case OPT_CDN_PORT:
        return whole(name, arg, 0, 65535, &o->cdn_port);
    case OPT_BIND:
        if (!is_loopback(arg))
            return mistake(name, arg, "a loopback address, 127.0.0.1 or ::1, "
                           "is expected");
        o->bind = arg;
        return 0;
    case OPT_TLS_CERT:
        o->tls_cert = arg;
        return 0;
    case OPT_TLS_KEY:
        o->tls_key = arg;
        return 0;
    case OPT_KEY:
        o->key = arg;
        return 0;
    case OPT_LOG:
        o->log = arg;
        return 0;
    case OPT_READY_FILE:
        o->ready_file = arg;
        return 0;
    default:
        return number(name, arg, 0, 1e8, &o->max_seconds);
    }
}

static int set_service(SimOptions *o, int option, const char *name, char *arg)
{
    double v;

    switch (option) {
    case OPT_LATENCY:
        return number(name, arg, 0, 1e6, &o->latency);
    case OPT_CONCURRENCY:
        return whole(name, arg, 0, 1e6, &o->concurrency);
    case OPT_DAILY:
        return whole(name, arg, 0, 1e6, &o->daily);
    case OPT_BALANCE:
        return number(name, arg, 0, 1e12, &o->balance);
    case OPT_PRICE:
        return number(name, arg, 0.01, 100, &o->price);
    case OPT_DATA_URI_LIMIT:
        if (number(name, arg, 0, 2e9, &v) < 0)
            return -1;
        o->data_uri_limit = (int64_t)v;
        return 0;
    case OPT_DATA_URI_STATUS:
        if (strcmp(arg, "413") && strcmp(arg, "400"))
            return mistake(name, arg, "413 or 400 is expected");
        o->data_uri_status = atoi(arg);
        return 0;
    case OPT_BODY_LIMIT:
        if (number(name, arg, 0, 2e9, &v) < 0)
            return -1;
        o->body_limit = (int64_t)v;
        return 0;
    case OPT_URL_LIFETIME:
        return number(name, arg, 0, 1e8, &o->url_lifetime);
    case OPT_URL_TAIL:
        o->url_tail = arg;
        return 0;
    case OPT_OUTPUT_AFTER:
        return number(name, arg, 0, 1e6, &o->output_after);
    default:
        return fail_tasks(o, arg);
    }
}

static int set_gateway(SimOptions *o, int option, const char *name, char *arg)
{
    static const char *const paths[] = { "html", "301", "404", NULL };
    int i;

    switch (option) {
    case OPT_WRAP:
        o->wrap = 1;
        return 0;
    case OPT_NOT_EXIST_FOR:
        return number(name, arg, 0, 1e6, &o->not_exist_for);
    case OPT_NOT_EXIST_AS:
        if (strcmp(arg, "200") && strcmp(arg, "400") && strcmp(arg, "404"))
            return mistake(name, arg, "200, 400 or 404 is expected");
        o->not_exist_as = atoi(arg);
        return 0;
    case OPT_WRONG_PATH:
        if (one_of(name, arg, paths, &i) < 0)
            return -1;
        o->wrong_path = (SimWrongPath)i;
        return 0;
    default:
        if (strcmp(arg, "400") && strcmp(arg, "500"))
            return mistake(name, arg, "400 or 500 is expected");
        o->bad_request_status = atoi(arg);
        return 0;
    }
}

static int set_result(SimOptions *o, int option, const char *name, char *arg)
{
    static const char *const fits[] = { "stretch", "crop", NULL };
    static const char *const codecs[] = { "h264", "hevc10", "prores", NULL };
    int i, end = 0;

    switch (option) {
    case OPT_FFMPEG:
        o->ffmpeg = arg;
        return 0;
    case OPT_FFPROBE:
        o->ffprobe = arg;
        return 0;
    case OPT_RENDERERS:
        return whole(name, arg, 1, 16, &o->renderers);
    case OPT_RESULT_RATE:
        return rate(o, arg);
    case OPT_RESULT_FRAMES:
        return whole(name, arg, -10000, 10000, &o->extra_frames);
    case OPT_RESULT_STRETCH:
        return number(name, arg, 0.1, 10, &o->stretch);
    case OPT_RESULT_SIZE:
        if (sscanf(arg, "%dx%d%n", &o->width, &o->height, &end) != 2 ||
            arg[end] || o->width < 2 || o->height < 2 || o->width > 16384 ||
            o->height > 16384 || o->width % 2 || o->height % 2)
            return mistake(name, arg, "WxH of even numbers is expected");
        return 0;
    case OPT_RESULT_FIT:
        return one_of(name, arg, fits, &o->crop);
    case OPT_RESULT_UNTAGGED:
        o->untagged = 1;
        return 0;
    case OPT_NO_AUDIO:
        o->no_audio = 1;
        return 0;
    case OPT_RESULT_VFR:
        o->vfr = 1;
        return 0;
    case OPT_RESULT_CRF:
        return whole(name, arg, 0, 51, &o->crf);
    case OPT_DRIFT:
        o->drift = sim_drift_parse(arg);
        return o->drift > 0 ? 0 : mistake(name, arg, "tone, field, place, grain, "
                                          "slide, objects or all is expected");
    case OPT_RESULT_FILE:
        if (access(arg, R_OK))
            return mistake(name, arg, strerror(errno));
        o->result_file = arg;
        return 0;
    default:
        if (one_of(name, arg, codecs, &i) < 0)
            return -1;
        o->codec = codecs[i];
        return 0;
    }
}

static int set_option(SimOptions *o, int option, const char *name, char *arg)
{
    const char *error;
    double v;

    if (option <= OPT_MAX_SECONDS)
        return set_server(o, option, name, arg);
    if (option <= OPT_FAIL_TASKS)
        return set_service(o, option, name, arg);
    if (option <= OPT_BAD_REQUEST_STATUS)
        return set_gateway(o, option, name, arg);
    if (option <= OPT_RESULT_CODEC)
        return set_result(o, option, name, arg);
    if (option == OPT_SEED) {
        if (number(name, arg, 0, 9007199254740992.0, &v) < 0)
            return -1;
        o->seed = (uint64_t)v;
        return 0;
    }
    error = sim_faults_add(o->faults, arg);
    return error ? mistake(name, arg, error) : 0;
}

int sim_options_parse(SimOptions *options, int argc, char **argv)
{
    int option, index = 0;

    *options = (SimOptions) {
        .bind               = "127.0.0.1",
        .max_seconds        = 3600,
        .latency            = 2,
        .daily              = -1,
        .balance            = -1,
        .price              = 1,
        .data_uri_limit     = DATA_URI_LIMIT,
        .data_uri_status    = 413,
        .body_limit         = 16 << 20,
        .url_lifetime       = 86400,
        .url_tail           = "",
        .not_exist_as       = 400,
        .bad_request_status = 400,
        .renderers          = 2,
        .rate_num           = 24,
        .rate_den           = 1,
        .extra_frames       = 1,
        .stretch            = 1,
        .crf                = 14,
        .seed               = 1,
        .faults             = sim_faults_alloc(),
    };
    /* No abbreviations: tests written with one would break when an option is
     * added; getopt_long offers no way to forbid them but to look. */
    for (int i = 1; i < argc; i++) {
        size_t length = strcspn(argv[i], "="), j;

        if (!sim_has_prefix(argv[i], "--") || length < 3)
            continue;
        for (j = 0; long_options[j].name; j++) {
            if (strlen(long_options[j].name) == length - 2 &&
                !strncmp(long_options[j].name, argv[i] + 2, length - 2))
                break;
        }
        if (!long_options[j].name) {
            fprintf(stderr, "runway-simulator: unknown option %.*s; see "
                    "--help\n", (int)length, argv[i]);
            return -1;
        }
        if (long_options[j].has_arg == required_argument && !argv[i][length])
            i++;
    }
    while ((option = getopt_long(argc, argv, "h", long_options,
                                 &index)) != -1) {
        if (option == 'h' || option == OPT_HELP) {
            print_help();
            return 1;
        }
        if (option == '?' ||
            set_option(options, option, long_options[index].name, optarg) < 0)
            return -1;
    }
    if (optind < argc) {
        fprintf(stderr, "runway-simulator: %s is no option; see --help\n",
                argv[optind]);
        return -1;
    }
    if (!options->tls_cert != !options->tls_key) {
        fputs("runway-simulator: --tls-cert and --tls-key go together\n",
              stderr);
        return -1;
    }
    sim_faults_seed(options->faults, options->seed);
    return 0;
}

void sim_options_free(SimOptions *options)
{
    sim_faults_free(options->faults);
    options->faults = NULL;
}
