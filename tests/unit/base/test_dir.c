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
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/dir.h"

#define OTHER 12345 /* a user that is not us */

static char base[32];

static int set_up(void **state)
{
    snprintf(base, sizeof(base), "/tmp/runway-dir-XXXXXX");
    return !mkdtemp(base);
}

static int tear_down(void **state)
{
    char command[64];

    snprintf(command, sizeof(command), "rm -rf %s", base);
    return system(command);
}

static const char *below(const char *name)
{
    static char paths[16][128];
    static int n;

    n = (n + 1) % 16;
    snprintf(paths[n], sizeof(paths[n]), "%s/%s", base, name);
    return paths[n];
}

static void opens(const char *path, RunwayOutcome outcome, const char *says)
{
    RunwayError err = { RUNWAY_OK, "" };
    int fd;

    assert_int_equal(ff_runway_dir_open("state_dir", path, &fd, &err), outcome);
    assert_int_equal(fd >= 0, !outcome);
    if (outcome && (!strstr(err.text, says) || !strstr(err.text, "state_dir")))
        fail_msg("%s", err.text);
    if (fd >= 0)
        close(fd);
}

static void test_open(void **state)
{
    const char *dir = below("mine"), *link = below("link");
    int fd;

    opens(dir, RUNWAY_IO, "No such file");
    opens("", RUNWAY_IO, "No such file");
    assert_int_equal(mkdir(dir, 0755), 0);
    opens(dir, RUNWAY_OK, "");
    opens(below("mine//"), RUNWAY_OK, "");
    assert_int_equal(chmod(dir, 0775), 0);
    opens(dir, RUNWAY_INVALID, "chmod go-w");
    assert_int_equal(chmod(dir, 01777), 0); /* as /tmp, which stays so */
    opens(dir, RUNWAY_INVALID, "a directory of your own");
    assert_int_equal(chmod(dir, 0700), 0);

    /* a link is refused where it is the last component, and only there */
    assert_int_equal(symlink(base, link), 0);
    opens(below("link/mine"), RUNWAY_OK, "");
    opens(link, RUNWAY_INVALID, "symbolic link");
    opens(below("link/"), RUNWAY_INVALID, "symbolic link");
    opens(below("link/."), RUNWAY_INVALID, "symbolic link");
    opens(below("link/.//./"), RUNWAY_INVALID, "symbolic link");
    opens("/", geteuid() ? RUNWAY_INVALID : RUNWAY_OK, "another user");

    fd = open(below("file"), O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    opens(below("file"), RUNWAY_IO, "Not a directory");
    if (!geteuid()) {
        assert_int_equal(chown(dir, OTHER, OTHER), 0);
        opens(dir, RUNWAY_INVALID, "another user (uid 12345)");
        assert_int_equal(chown(dir, 0, 0), 0);
    }
}

static void test_below(void **state)
{
    RunwayError err;
    struct stat st;
    int top, fd;

    assert_int_equal(ff_runway_dir_open("state_dir", base, &top, &err), 0);
    for (int i = 0; i < 2; i++) { /* made, then found */
        assert_int_equal(ff_runway_dir_open_below("state_dir", base, top,
                                                  "clips", &fd, &err), 0);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        close(fd);
    }
    assert_int_equal(stat(below("clips"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(chmod(below("clips"), 0770), 0);
    assert_int_equal(ff_runway_dir_open_below("state_dir", base, top, "clips",
                                              &fd, &err), RUNWAY_INVALID);
    assert_int_equal(fd, -1);
    assert_non_null(strstr(err.text, below("clips")));
    assert_int_equal(symlink("/tmp", below("results")), 0);
    assert_int_equal(ff_runway_dir_open_below("state_dir", base, top, "results",
                                              &fd, &err), RUNWAY_INVALID);
    assert_non_null(strstr(err.text, "symbolic link"));
    assert_int_equal(ff_runway_dir_open_below("state_dir", base, top, "../up",
                                              &fd, &err), RUNWAY_IO);
    close(top);
    assert_int_equal(ff_runway_dir_open_below("state_dir", base, -1, "clips",
                                              &fd, &err), RUNWAY_IO);
}

static int opened(int dir, const char *name)
{
    int fd, ret = ff_runway_dir_open_file(dir, name, O_RDWR, &fd);

    assert_int_equal(fd >= 0, !ret);
    if (fd >= 0)
        close(fd);
    return ret;
}

static void test_files(void **state)
{
    RunwayError err;
    struct dirent *entry;
    struct stat st;
    DIR *list;
    int dir, fd, nb = 0;

    assert_int_equal(ff_runway_dir_open("state_dir", base, &dir, &err), 0);
    assert_int_equal(ff_runway_dir_create_file(dir, "a", &fd), 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(ff_runway_dir_is_at(dir, "a", fd));
    assert_int_equal(ff_runway_dir_rename(dir, "a", dir, "b"), 0);
    assert_false(ff_runway_dir_is_at(dir, "a", fd));
    assert_true(ff_runway_dir_is_at(dir, "b", fd));
    assert_int_equal(symlink("b", below("link")), 0);
    assert_false(ff_runway_dir_is_at(dir, "link", fd));
    close(fd);
    assert_int_equal(ff_runway_dir_create_file(dir, "b", &fd), EEXIST);

    /* what another user has put where we write is not followed */
    assert_int_equal(ff_runway_dir_create_file(dir, "link", &fd), EEXIST);
    assert_int_equal(opened(dir, "link"), ELOOP);
    assert_int_equal(opened(dir, "b"), 0);
    /* nor is what has another name as well written to */
    assert_int_equal(link(below("b"), below("c")), 0);
    assert_int_equal(opened(dir, "b"), EPERM);
    assert_int_equal(ff_runway_dir_open_file(dir, "b", O_RDONLY, &fd), 0);
    close(fd);
    assert_int_equal(unlink(below("c")), 0);
    assert_int_equal(chmod(below("b"), 0620), 0);
    assert_int_equal(opened(dir, "b"), RUNWAY_DIR_NOT_OURS);
    assert_int_equal(chmod(below("b"), 0644), 0);
    assert_int_equal(opened(dir, "b"), 0);
    if (!geteuid()) {
        assert_int_equal(chown(below("b"), OTHER, OTHER), 0);
        assert_int_equal(opened(dir, "b"), RUNWAY_DIR_NOT_OURS);
    }
    assert_int_equal(mkfifo(below("fifo"), 0600), 0);
    assert_int_equal(opened(dir, "fifo"), EPERM);
    assert_int_equal(opened(dir, "none"), ENOENT);

    /* one component each, in any place */
    assert_int_equal(opened(dir, "../x"), EINVAL);
    assert_int_equal(opened(dir, ""), EINVAL);
    assert_int_equal(ff_runway_dir_create_file(dir, "/tmp/x", &fd), EINVAL);
    assert_int_equal(ff_runway_dir_rename(dir, "b", dir, "../x"), EINVAL);
    assert_int_equal(ff_runway_dir_remove_file(dir, "../x"), EINVAL);

    for (int i = 0; i < 2; i++, nb = 0) { /* from the beginning each time */
        assert_int_equal(ff_runway_dir_list(dir, &list), 0);
        while ((entry = readdir(list)))
            nb += entry->d_name[0] != '.';
        closedir(list);
        assert_int_equal(nb, 3);
    }
    assert_int_equal(ff_runway_dir_list(-1, &list), EBADF);
    assert_int_equal(ff_runway_dir_remove_file(dir, "link"), 0);
    assert_int_equal(ff_runway_dir_remove_file(dir, "b"), 0);
    assert_int_equal(ff_runway_dir_remove_file(dir, "b"), ENOENT);
    close(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_open, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_below, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files, set_up, tear_down),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("dir", tests, NULL, NULL);
}
