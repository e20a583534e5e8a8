/*
 * This file is part of FFmpeg.
 *
 * FFmpeg is free software; you can redistribute it and/or
 * modify it under the terms of the GNU Lesser General Public
 * License as published by the Free Software Foundation; either
 * version 2.1 of the License, or (at your option) any later version.
 *
 * FFmpeg is distributed in the hope that it will be useful,
 * but WITHOUT ANY WARRANTY; without even the implied warranty of
 * MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the GNU
 * Lesser General Public License for more details.
 *
 * You should have received a copy of the GNU Lesser General Public
 * License along with FFmpeg; if not, write to the Free Software
 * Foundation, Inc., 51 Franklin Street, Fifth Floor, Boston, MA 02110-1301 USA
 */

/**
 * @file
 * The options that name pictures: reference, keyframe and keyframe_dir.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libavutil/avstring.h"
#include "libavutil/intreadwrite.h"
#include "libavutil/parseutils.h"

#include "../media/compat.h"
#include "../media/averror.h"
#include "../api/files.h"
#include "../base/dir.h"
#include "../base/disk.h"
#include "../base/text.h"
#include "options_internal.h"

static int keep_pictures(RunwaySettings *set, RunwayPicture *pictures)
{
    RunwayPicture **larger = av_realloc_array(set->kept_pictures,
                                              set->nb_kept_pictures + 1,
                                              sizeof(*larger));

    if (!larger) {
        av_free(pictures);
        return AVERROR(ENOMEM);
    }
    set->kept_pictures = larger;
    set->kept_pictures[set->nb_kept_pictures++] = pictures;
    return 0;
}

/* "SECONDS[-SECONDS]=": *name is what comes behind it. */
static int parse_times(const char *text, RunwayPicture *picture,
                       const char **name)
{
    const char *equals = strchr(text, '=');
    char *times = equals ? av_strndup(text, equals - text) : NULL;
    char *hyphen = times && *times ? strchr(times + 1, '-') : NULL;
    int64_t start = 0, end = 0;
    int ret;

    if (!equals)
        return AVERROR(EINVAL);
    if (!times)
        return AVERROR(ENOMEM);
    if (hyphen)
        *hyphen = 0;
    ret = av_parse_time(&start, times, 1);
    if (ret >= 0 && hyphen)
        ret = av_parse_time(&end, hyphen + 1, 1);
    if (ret < 0 || (hyphen && end <= start))
        ret = AVERROR(EINVAL);
    av_free(times);
    picture->seconds = start / 1e6;
    if (hyphen) {
        picture->range_start = start / 1e6;
        picture->range_end   = end / 1e6;
    }
    *name = equals + 1;
    return ret;
}

/* Read the picture of that name; *block is what to free(). */
static int read_picture(const RunwaySettings *set, const char *option,
                        const char *name, RunwayPicture *picture, char **block)
{
    RunwayPictureFile *file;
    char no_uploads[64] = "", *uri;
    RunwayError err;

    if (set->transport == RUNWAY_SEND_INLINE)
        snprintf(no_uploads, sizeof(no_uploads),
                 "transport=inline uploads nothing");
    else if (!set->client.provider->uploads_path)
        snprintf(no_uploads, sizeof(no_uploads), "%s has no uploads",
                 set->client.provider->title);
    if (ff_runway_picture_read(option, name, *no_uploads ? no_uploads : NULL,
                               &uri, &file, &err))
        return ff_runway_report(set->log_ctx, &err);
    picture->uri  = uri;
    picture->file = file;
    *block = uri ? uri : (char *)file;
    return 0;
}

static int is_same(const RunwayPicture *a, const RunwayPicture *b)
{
    if (!a->uri != !b->uri || !a->file != !b->file)
        return 0;
    return (!a->uri || !strcmp(a->uri, b->uri)) &&
           (!a->file || (a->file->size == b->file->size &&
                         !strcmp(a->file->path, b->file->path) &&
                         !strcmp(a->file->checksum, b->file->checksum)));
}

/* That picture, of an earlier list, or NULL: two that take turns would be kept
 * anew each time. */
static const RunwayPicture *find_kept(const RunwaySettings *set,
                                      const RunwayPicture *picture)
{
    for (int i = 0; i < set->nb_kept_pictures; i++)
        for (const RunwayPicture *p = set->kept_pictures[i];
             p && (p->uri || p->file); p++)
            if (is_same(p, picture))
                return p;
    return NULL;
}

/* "IMAGE" or, with_time, "SECONDS[-SECONDS]=IMAGE" */
static int parse_picture(RunwaySettings *set, const char *option,
                         const char *text, int with_time,
                         RunwayPicture *picture)
{
    const char *name = text;
    const RunwayPicture *kept;
    RunwayError err;
    char *block;
    int ret;

    *picture = (RunwayPicture){ 0 };
    if (with_time) {
        ret = parse_times(text, picture, &name);
        if (ret == AVERROR(EINVAL)) {
            ff_runway_error(&err, RUNWAY_INVALID, "%s: \"%s\" is not "
                            "SECONDS[-SECONDS]=IMAGE", option, text);
            return ff_runway_report(set->log_ctx, &err);
        }
        if (ret < 0)
            return ret;
    }
    ret = read_picture(set, option, name, picture, &block);
    if (ret < 0)
        return ret;
    kept = find_kept(set, picture);
    if (!kept)
        return ff_runway_settings_keep(set, block);
    picture->uri  = kept->uri;
    picture->file = kept->file;
    free(block);
    return 0;
}

/* The part of a list up to the next |, without the white space around it; \| is
 * a | of a name. Nothing else is special: names have quotes. */
static char *next_name(const char **list)
{
    char *name = av_malloc(strlen(*list) + 1), *end = name;
    const char *text = *list + strspn(*list, " \t\n");

    if (!name)
        return NULL;
    for (; *text && *text != '|'; text++) {
        if (text[0] == '\\' && text[1] == '|')
            text++;
        *end++ = *text;
    }
    while (end > name && strchr(" \t\n", end[-1]))
        end--;
    *end  = 0;
    *list = text;
    return name;
}

/* A list with | between into a new array, with an empty one behind the last. */
static int parse_pictures(RunwaySettings *set, const char *option,
                          const char *list, int with_time,
                          RunwayPicture **pictures, int *nb)
{
    RunwayPicture *array = NULL;
    int count = 0, ret = 0;

    while (list && *list && ret >= 0) {
        char *text = next_name(&list);
        RunwayPicture *larger;

        if (*list)
            list++;
        larger = text ? av_realloc_array(array, count + 2, sizeof(*larger))
                      : NULL;
        if (!larger) {
            ret = AVERROR(ENOMEM);
        } else {
            array = larger;
            array[count + 1] = (RunwayPicture){ 0 };
            ret = parse_picture(set, option, text, with_time, &array[count++]);
        }
        av_free(text);
    }
    if (ret < 0) {
        av_free(array);
        return ret;
    }
    ret = keep_pictures(set, array);
    if (ret < 0)
        return ret;
    *pictures = array;
    *nb       = count;
    return 0;
}

/* Whether two lists of pictures make the same request. */
static int are_same(const RunwayPicture *a, int nb_a, const RunwayPicture *b,
                    int nb_b)
{
    int nb = 0;

    while (nb < nb_a && nb < nb_b && is_same(&a[nb], &b[nb]))
        nb++;
    return nb == nb_a && nb == nb_b;
}

/* Free what was kept since there were that many of each. */
static void forget(RunwaySettings *set, int nb_kept, int nb_kept_pictures)
{
    while (set->nb_kept > nb_kept)
        free(set->kept[--set->nb_kept]);
    while (set->nb_kept_pictures > nb_kept_pictures)
        av_freep(&set->kept_pictures[--set->nb_kept_pictures]);
}

int ff_runway_set_references(RunwaySettings *set)
{
    const RunwayModel *m = set->model_info;
    int nb_kept = set->nb_kept, nb_kept_pictures = set->nb_kept_pictures;
    RunwayPicture *pictures = NULL;
    int nb = 0, ret;

    ret = parse_pictures(set, "reference", set->reference, 0, &pictures, &nb);
    if (ret < 0)
        return ret;
    if (nb && !(m->fields & (RUNWAY_FIELD_REFERENCES |
                             RUNWAY_FIELD_REFERENCES_BARE))) {
        av_log(set->log_ctx, AV_LOG_ERROR, "reference: model %s does not "
               "support references\n",
               set->model);
        return AVERROR(EINVAL);
    }
    if (m->max_references && nb > m->max_references) {
        av_log(set->log_ctx, AV_LOG_ERROR, "reference: model %s supports at "
               "most %d, but %d are given\n",
               set->model, m->max_references, nb);
        return AVERROR(EINVAL);
    }
    /* a sendcmd may say the same with each frame, in megabytes */
    if (are_same(pictures, nb, set->request.references,
                 set->request.nb_references)) {
        forget(set, nb_kept, nb_kept_pictures);
        return 0;
    }
    set->request.references    = pictures;
    set->request.nb_references = nb;
    return 0;
}

static int compare_times(const void *a, const void *b)
{
    double x = ((const RunwayPicture *)a)->seconds;
    double y = ((const RunwayPicture *)b)->seconds;

    return (x > y) - (x < y);
}

static int check_keyframes(const RunwaySettings *set, const char *option)
{
    if (set->model_info->fields & RUNWAY_FIELD_KEYFRAMES)
        return 0;
    av_log(set->log_ctx, AV_LOG_ERROR, "%s: model %s does not support "
           "keyframes\n", option, set->model);
    return AVERROR(EINVAL);
}

int ff_runway_set_keyframes(RunwaySettings *set)
{
    int ret = parse_pictures(set, "keyframe", set->keyframe, 1,
                             &set->keyframes, &set->nb_keyframes);

    if (ret >= 0 && set->nb_keyframes)
        ret = check_keyframes(set, "keyframe");
    if (ret < 0 || !set->nb_keyframes)
        return ret;
    qsort(set->keyframes, set->nb_keyframes, sizeof(*set->keyframes),
          compare_times);
    for (int i = 1; i < set->nb_keyframes; i++) {
        if (set->keyframes[i].seconds > set->keyframes[i - 1].seconds)
            continue;
        av_log(set->log_ctx, AV_LOG_ERROR, "keyframe: two are for %g s\n",
               set->keyframes[i].seconds);
        return AVERROR(EINVAL);
    }
    return 0;
}

int ff_runway_settings_still(const RunwaySettings *set, const char *path,
                             RunwayPicture *picture, char **block)
{
    *picture = (RunwayPicture){ 0 };
    return read_picture(set, "keyframe_dir", path, picture, block);
}

static int is_picture_name(const char *name)
{
    return av_match_ext(name, "png,jpg,jpeg,webp") && *name != '.';
}

/* The time that a file of that name is for, without what is behind the dot. */
static int parse_name(RunwaySettings *set, const char *name, double *seconds)
{
    char *time = av_strndup(name, strrchr(name, '.') - name);
    char shown[256]; /* for a terminal */
    int64_t microseconds;
    int ret = time ? av_parse_time(&microseconds, time, 1) : AVERROR(ENOMEM);

    av_free(time);
    ff_runway_copy_text(shown, sizeof(shown), name);
    if (ret < 0 && ret != AVERROR(ENOMEM))
        av_log(set->log_ctx, AV_LOG_ERROR, "keyframe_dir: %s/%s is not named by "
               "a time in seconds, as 000012.500.png is\n",
               set->keyframe_dir, shown);
    if (ret >= 0)
        *seconds = microseconds / 1e6;
    return ret;
}

/* The size of a PNG file is in its first part. */
static void read_size(RunwayStill *still)
{
    uint8_t begin[24] = { 0 };
    int fd;

    if (!ff_runway_disk_open(still->path, O_RDONLY, &fd) &&
        !ff_runway_disk_read_at(fd, 0, begin, sizeof(begin)) &&
        begin[1] == 'P') {
        still->width  = (int)FFMIN(AV_RB32(begin + 16), INT_MAX);
        still->height = (int)FFMIN(AV_RB32(begin + 20), INT_MAX);
    }
    ff_runway_disk_close(&fd);
}

/* A regular file, and a picture: what is in a directory was not named. */
static int check_still(const RunwaySettings *set, RunwayStill *still)
{
    const char *path = still->path;
    RunwayPicture picture;
    struct stat st;
    char *block;
    int ret;

    if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode)) {
        av_log(set->log_ctx, AV_LOG_ERROR, "keyframe_dir: %s is not a regular "
               "file\n", path);
        return AVERROR(EINVAL);
    }
    ret = ff_runway_settings_still(set, path, &picture, &block);
    if (ret < 0)
        return ret;
    free(block);
    read_size(still);
    return 0;
}

static int add_still(RunwaySettings *set, const char *name)
{
    RunwayStill *larger, *still;
    double seconds;
    int ret;

    if (!is_picture_name(name))
        return 0;
    ret = parse_name(set, name, &seconds);
    if (ret < 0)
        return ret;
    larger = av_realloc_array(set->stills, set->nb_stills + 1, sizeof(*larger));
    if (!larger)
        return AVERROR(ENOMEM);
    set->stills = larger;
    still       = &larger[set->nb_stills];
    *still      = (RunwayStill){
        .seconds = seconds,
        .path    = ff_runway_disk_path(set->keyframe_dir, name, NULL),
    };
    if (!still->path)
        return AVERROR(ENOMEM);
    set->nb_stills++;
    return check_still(set, still);
}

static int compare_stills(const void *a, const void *b)
{
    double x = ((const RunwayStill *)a)->seconds;
    double y = ((const RunwayStill *)b)->seconds;

    return (x > y) - (x < y);
}

static int report_unread(const RunwaySettings *set, int why)
{
    RunwayError err;

    ff_runway_error(&err, RUNWAY_INVALID, "keyframe_dir: %s cannot be read: %s",
                    set->keyframe_dir, strerror(why));
    return ff_runway_report(set->log_ctx, &err);
}

int ff_runway_set_keyframe_dir(RunwaySettings *set)
{
    const struct dirent *entry;
    DIR *dir;
    int ret, why = 0;

    if (!set->keyframe_dir)
        return 0;
    ret = check_keyframes(set, "keyframe_dir");
    if (ret < 0)
        return ret;
    dir = opendir(set->keyframe_dir);
    if (!dir)
        return report_unread(set, errno);
    while (ret >= 0 && (entry = ff_runway_dir_next(dir, &why)))
        ret = add_still(set, entry->d_name);
    closedir(dir);
    if (why)
        return report_unread(set, why);
    if (ret < 0)
        return ret;
    if (!set->nb_stills) {
        av_log(set->log_ctx, AV_LOG_ERROR, "keyframe_dir: there is no PNG, JPEG "
               "or WebP picture in %s\n", set->keyframe_dir);
        return AVERROR(EINVAL);
    }
    qsort(set->stills, set->nb_stills, sizeof(*set->stills), compare_stills);
    for (int i = 1; i < set->nb_stills; i++) {
        if (set->stills[i].seconds > set->stills[i - 1].seconds)
            continue;
        av_log(set->log_ctx, AV_LOG_ERROR, "keyframe_dir: %s and %s are for the "
               "same time\n", set->stills[i - 1].path, set->stills[i].path);
        return AVERROR(EINVAL);
    }
    return 0;
}
