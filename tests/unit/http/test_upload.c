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

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <cmocka.h>

#include "core_test.h"
#include "http/upload.h"

static void read_all(RunwayBody *body, char *text, size_t room)
{
    size_t used = 0, n = 1;

    while (n) {
        assert_int_equal(ff_runway_body_read(body, text + used,
                                             room - 1 - used, &n), RUNWAY_OK);
        used += n;
    }
    text[used] = 0;
    assert_int_equal(used, ff_runway_body_size(body));
}

/* Every field in its order, then the file, and names that cannot break out. */
static void test_form(void **state)
{
    char *names[] = { "key", "ev\"il\r\nX: y", "policy" };
    char *values[] = { "k", "", "p\"q" };
    RunwaySlot slot = { .nb_fields = 3, .names = names, .values = values };
    char path[] = "/tmp/runway-upload-XXXXXX", text[2048];
    RunwayUpload what = { "clip 1", "clip.mp4", "video/mp4", -1, 5 };
    RunwayBody *body;
    RunwayError err;

    (void)state;
    what.fd = mkstemp(path);
    assert_true(what.fd >= 0);
    unlink(path);
    assert_int_equal(write(what.fd, "bytes", 5), 5);
    assert_int_equal(ff_runway_upload_form(&slot, "B", &what, &body, &err),
                     RUNWAY_OK);
    for (int i = 0; i < 2; i++) { /* a body can be sent again */
        ff_runway_body_rewind(body);
        read_all(body, text, sizeof(text));
        assert_string_equal(text,
            "--B\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n"
            "--B\r\nContent-Disposition: form-data; "
            "name=\"ev%22il%0D%0AX: y\"\r\n\r\n\r\n"
            "--B\r\nContent-Disposition: form-data; name=\"policy\"\r\n\r\n"
            "p\"q\r\n"
            "--B\r\nContent-Disposition: form-data; name=\"file\"; "
            "filename=\"clip.mp4\"\r\nContent-Type: video/mp4\r\n\r\nbytes\r\n"
            "--B--\r\n");
    }
    ff_runway_body_free(&body);
    close(what.fd);
}

/* 190 MB, which is what an upload may have, go through in small pieces: the
 * process does not grow by them. */
static void test_form_is_streamed(void **state)
{
    char *names[] = { "key" }, *values[] = { "k" };
    RunwaySlot slot = { .nb_fields = 1, .names = names, .values = values };
    char path[] = "/tmp/runway-upload-XXXXXX", block[65536];
    RunwayUpload what = { "clip 1", "clip.mp4", "video/mp4", -1, 190000000 };
    struct rusage before, after;
    uint64_t total = 0;
    RunwayBody *body;
    RunwayError err;
    size_t n = 1;

    (void)state;
    what.fd = mkstemp(path);
    assert_true(what.fd >= 0);
    unlink(path);
    /* a hole: it takes no room on the disk either */
    assert_int_equal(ftruncate(what.fd, (off_t)what.size), 0);
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    assert_int_equal(ff_runway_upload_form(&slot, "B", &what, &body, &err),
                     RUNWAY_OK);
    for (; n; total += n)
        assert_int_equal(ff_runway_body_read(body, block, sizeof(block), &n),
                         RUNWAY_OK);
    assert_true(total > what.size && total < what.size + 1000);
    assert_int_equal(total, ff_runway_body_size(body));
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
#ifndef __APPLE__ /* there it is bytes */
    assert_true(after.ru_maxrss - before.ru_maxrss < 4096);
#endif
    ff_runway_body_free(&body);
    close(what.fd);
}

static void test_free_nothing(void **state)
{
    RunwayUploader *none = NULL;

    (void)state;
    ff_runway_uploader_free(&none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_form_is_streamed),
        cmocka_unit_test(test_free_nothing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("upload", tests, NULL, NULL);
}
