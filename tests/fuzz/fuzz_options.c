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

/*
 * What a user types: each line of the input is NAME=VALUE, an option of the
 * filter, which is then made ready (init()) as ffmpeg does, twice, and told a
 * change. It is a dry run in an empty directory, without a key.
 */

#include "libavfilter/avfilter.h"
#include "libavutil/dict.h"
#include "libavutil/log.h"

#include "fuzz.h"

/* What names files or would take its time is the test's own affair. */
static const char *const names[] = {
    "prompt", "model", "seed", "take", "ratio", "fit", "reference", "keyframe",
    "public_figure_threshold", "output_format", "body", "provider", "base_url",
    "api_version", "http_proxy", "transport", "clip_duration", "scene",
    "concurrency", "encoder", "encoder_opts", "size", "timing", "interlaced",
    "poll_interval", "task_timeout", "max_credits", "on_error", "on_unknown",
    "retries", "tls_verify", "results_size",
};

/* A name of a file may be anything that is in this directory. */
static void set_up(void)
{
    static const uint8_t png[] = {
        0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13,
        'I', 'H', 'D', 'R', 0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0,
    };
    static int done;
    char dir[] = "/tmp/runway_v2v_fuzz_XXXXXX";
    FILE *file;

    if (done)
        return;
    done = 1;
    MUST(mkdtemp(dir) && !chdir(dir));
    file = fopen("a.png", "wb");
    MUST(file && fwrite(png, sizeof(png), 1, file) == 1 && !fclose(file));
    file = fopen("t.txt", "wb");
    MUST(file && fputs("text\n", file) >= 0 && !fclose(file));
    /* nothing is left behind: what is open is enough */
    av_log_set_level(AV_LOG_QUIET);
    setenv("HOME", dir, 1);
    unsetenv("XDG_STATE_HOME");
    unsetenv("XDG_CACHE_HOME");
}

static int is_taken(const char *name, const char *value)
{
    /* a path leads out of the directory, and to /dev/stdin */
    if (strchr(value, '/') && !strstr(value, "://") && strcmp(name, "body"))
        return 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (!strcmp(names[i], name))
            return !strstr(value, "file:") && value[0] != '/';
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const AVFilter *filter = avfilter_get_by_name("runway_v2v");
    FuzzInput in = { data, size };
    AVDictionary *options = NULL;

    set_up();
    MUST(filter);
    av_dict_set(&options, "dry_run", "1", 0);
    av_dict_set(&options, "signals", "0", 0);
    while (in.size) {
        char *line = fuzz_line(&in), *equals = strchr(line, '=');

        if (equals) {
            *equals = 0;
            if (is_taken(line, equals + 1))
                av_dict_set(&options, line, equals + 1, 0);
        }
        free(line);
    }
    /* ffmpeg makes a graph twice: once to see what it has for pads */
    for (int i = 0; i < 2; i++) {
        AVFilterGraph *graph = avfilter_graph_alloc();
        AVFilterContext *ctx = avfilter_graph_alloc_filter(graph, filter, "f");
        AVDictionary *mine = NULL;
        const AVDictionaryEntry *e;

        MUST(graph && ctx);
        av_dict_copy(&mine, options, 0);
        if (avfilter_init_dict(ctx, &mine) >= 0) {
            e = av_dict_get(options, "prompt", NULL, 0);
            if (e)
                avfilter_process_command(ctx, "seed", e->value, NULL, 0, 0);
            e = av_dict_get(options, "reference", NULL, 0);
            if (e)
                avfilter_process_command(ctx, "reference", e->value, NULL, 0, 0);
        }
        av_dict_free(&mine);
        avfilter_graph_free(&graph);
    }
    av_dict_free(&options);
    return 0;
}
