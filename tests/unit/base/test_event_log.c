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
#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/event_log.h"

static void test_line(void **state)
{
    const RunwayEventField fields[] = {
        RUNWAY_INT("clip", 3), RUNWAY_TEXT("task", "a-b"),
        RUNWAY_TEXT("none", NULL), RUNWAY_NUMBER("seconds", 5.0004),
        RUNWAY_NUMBER("start", 1.25), RUNWAY_NUMBER("credits", -1),
        RUNWAY_NUMBER("small", 0.0625), RUNWAY_BOOL("reused", 1),
        RUNWAY_BOOL("upload", 0),
        RUNWAY_TEXT("error", "a \"b\" \\ c\n\x01\xc3\xa4"), RUNWAY_EVENT_LAST
    };
    char *line;

    (void)state;
    /* a point is a point, whatever the program's language */
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8"))
        print_message("# with a decimal comma\n");
    line = ff_runway_event_line(1795388602123456LL, "r1", "stored", fields);
    assert_string_equal(line, "{\"time\":\"2026-11-22T23:03:22.123Z\","
        "\"run\":\"r1\",\"event\":\"stored\",\"clip\":3,\"task\":\"a-b\","
        "\"seconds\":5,\"start\":1.25,\"small\":0.063,\"reused\":true,"
        "\"upload\":false,"
        "\"error\":\"a \\\"b\\\" \\\\ c\\n\\u0001\xc3\xa4\"}");
    free(line);
    setlocale(LC_NUMERIC, "C");
}

static int reported;

static void report(void *opaque, RunwayLogLevel level, const char *line)
{
    (void)opaque;
    assert_int_equal(level, RUNWAY_LOG_WARNING);
    assert_non_null(strstr(line, "log_path"));
    reported++;
}

/* Two programs write to one file, and no line runs into another. */
static void test_append(void **state)
{
    const RunwayEventField fields[] = { RUNWAY_TEXT("text", "0123456789"),
                                        RUNWAY_EVENT_LAST };
    char dir[] = "/tmp/runway-events-XXXXXX", path[64], text[512];
    RunwayLog log = { NULL, report };
    RunwayEventLog *events;
    RunwayError err;
    struct stat st;
    int lines = 0, status;
    FILE *file;
    pid_t pid;

    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/log.jsonl", dir);
    file = fopen(path, "w");
    assert_true(fputs("{\"time\":\"was there\"}\n", file) > 0);
    fclose(file);
    pid = fork();
    assert_int_equal(ff_runway_event_log_open(path, &log, &events, &err),
                     RUNWAY_OK);
    for (int i = 0; i < 500; i++)
        ff_runway_event(events, "state", fields);
    ff_runway_event_log_free(&events);
    assert_null(events);
    if (!pid)
        _exit(0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    file = fopen(path, "r");
    assert_non_null(fgets(text, sizeof(text), file));
    assert_string_equal(text, "{\"time\":\"was there\"}\n");
    while (fgets(text, sizeof(text), file)) {
        assert_memory_equal(text, "{\"time\":\"2", 10);
        assert_string_equal(text + strlen(text) - 14, "\"0123456789\"}\n");
        lines++;
    }
    fclose(file);
    assert_int_equal(lines, 1000);
    assert_int_equal(stat(path, &st), 0);
    unlink(path);

    /* made for its owner only */
    assert_int_equal(ff_runway_event_log_open(path, &log, &events, &err),
                     RUNWAY_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0077, 0);
    ff_runway_event_log_free(&events);
    unlink(path);
    rmdir(dir);
    assert_int_equal(reported, 0);
}

static void test_unfit(void **state)
{
    const RunwayEventField none[] = { RUNWAY_EVENT_LAST };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char dir[] = "/tmp/runway-events-XXXXXX", path[64];
    RunwayLog log = { NULL, report };
    RunwayEventLog *events;
    RunwayError err;
    int fd;

    (void)state;
    assert_int_equal(ff_runway_event_log_open("/nowhere/log", &log, &events,
                                              &err), RUNWAY_INVALID);
    assert_null(events);
    assert_non_null(strstr(err.text, "/nowhere/log"));
    ff_runway_event_log_free(&events);
    ff_runway_event(NULL, "state", none);
    /* what nothing can be appended to */
    assert_int_equal(ff_runway_event_log_open("/tmp", &log, &events, &err),
                     RUNWAY_INVALID);
    assert_non_null(strstr(err.text, strerror(EISDIR)));
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/socket", dir);
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)),
                     0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(ff_runway_event_log_open(path, &log, &events, &err),
                     RUNWAY_INVALID);
    assert_non_null(strstr(err.text, "nothing reads"));
    close(fd);
    unlink(path);
    rmdir(dir);

    if (access("/dev/full", W_OK))
        skip();
    assert_int_equal(ff_runway_event_log_open("/dev/full", &log, &events,
                                              &err), RUNWAY_OK);
    ff_runway_event(events, "state", none);
    ff_runway_event(events, "state", none);
    assert_int_equal(reported, 1); /* once */
    ff_runway_event_log_free(&events);
}

/* What has other things in it is no log, wherever it is. */
static void test_other_files(void **state)
{
    /* a body or a record of the journal, and a prompt, by mistake */
    static const char *const others[] = {
        "{\"format\":2,\"tries\":[]}\n", "{\n", "make it blue\n",
    };
    char path[] = "/tmp/runway-events-XXXXXX", by_fd[64];
    char shared[] = "/dev/shm/runway-events-XXXXXX";
    RunwayLog log = { NULL, report };
    RunwayEventLog *events;
    RunwayError err;
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    close(fd);
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        fd = open(path, O_TRUNC | O_WRONLY);
        assert_int_equal(write(fd, others[i], strlen(others[i])),
                         strlen(others[i]));
        assert_int_equal(ff_runway_event_log_open(path, &log, &events, &err),
                         RUNWAY_INVALID);
        assert_null(events);
        assert_non_null(strstr(err.text, "not a log"));
        close(fd);
    }
    /* what can be kept in /dev/ is no different */
    fd = mkstemp(shared);
    if (fd >= 0) {
        assert_int_equal(write(fd, others[2], strlen(others[2])),
                         strlen(others[2]));
        assert_int_equal(ff_runway_event_log_open(shared, &log, &events, &err),
                         RUNWAY_INVALID);
        assert_non_null(strstr(err.text, "not a log"));
        close(fd);
        unlink(shared);
    }
    snprintf(by_fd, sizeof(by_fd), "/dev/fd/../../..%s", path);
    assert_int_equal(ff_runway_event_log_open(by_fd, &log, &events, &err),
                     RUNWAY_INVALID);
    /* what the shell has opened it has chosen */
    fd = open(path, O_WRONLY);
    snprintf(by_fd, sizeof(by_fd), "/dev/fd/%d", fd);
    assert_int_equal(ff_runway_event_log_open(by_fd, &log, &events, &err),
                     RUNWAY_OK);
    ff_runway_event_log_free(&events);
    close(fd);
    unlink(path);
}

static int nb_missing;

static void tell_missing(void *opaque, RunwayLogLevel level, const char *line)
{
    const char *number = strstr(line, "too slow: ");

    (void)opaque;
    assert_int_equal(level, RUNWAY_LOG_WARNING);
    assert_non_null(number);
    nb_missing = atoi(number + strlen("too slow: "));
}

/* A pipe without a reader is an error; one whose reader is slow loses whole
 * lines, which are counted, and nothing ever waits. */
static void test_pipe(void **state)
{
    static char long_text[6000], line[8000];
    const RunwayEventField fields[] = { RUNWAY_TEXT("text", long_text),
                                        RUNWAY_EVENT_LAST };
    char dir[] = "/tmp/runway-events-XXXXXX", path[64];
    RunwayLog log = { NULL, tell_missing };
    RunwayEventLog *events;
    RunwayError err;
    int fd, lines = 0, dropped = 0, said;
    FILE *reader;

    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/pipe", dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    alarm(20); /* what waits would wait forever */
    assert_int_equal(ff_runway_event_log_open(path, &log, &events, &err),
                     RUNWAY_INVALID);
    assert_non_null(strstr(err.text, "nothing reads"));

    fd = open(path, O_RDONLY | O_NONBLOCK);
    reader = fdopen(fd, "r");
    assert_int_equal(ff_runway_event_log_open(path, &log, &events, &err),
                     RUNWAY_OK);
    for (int i = 0; i < 100; i++)
        ff_runway_event(events, "state", fields);
    for (int i = 0; i < 2; i++) { /* read what is there, write again */
        while (fgets(line, sizeof(line), reader)) {
            assert_memory_equal(line, "{\"time\":\"2", 10);
            assert_string_equal(line + strlen(line) - 2, "}\n");
            if (strstr(line, "\"event\":\"dropped\"")) {
                assert_int_equal(sscanf(strstr(line, "lines"), "lines\":%d",
                                        &said), 1);
                dropped += said;
            } else {
                lines++;
            }
            /* a pipe that is empty for now is no end, but half a line is none */
            if (!i && lines == 5)
                break;
        }
        clearerr(reader);
        if (!i)
            ff_runway_event(events, "state", fields);
    }
    ff_runway_event_log_free(&events);
    while (fgets(line, sizeof(line), reader))
        lines++;
    alarm(0);
    fclose(reader);
    assert_in_range(dropped, 50, 95);
    assert_int_equal(lines + dropped, 101);
    assert_int_equal(nb_missing, dropped);
    unlink(path);
    rmdir(dir);
}

static void tell_nothing(void *opaque, RunwayLogLevel level, const char *line)
{
    (void)opaque;
    (void)level;
    (void)line;
}

/* /dev/stderr of a service: it cannot be opened, and nobody waits for who
 * reads. */
static void test_socket(void **state)
{
    const RunwayEventField fields[] = { RUNWAY_EVENT_LAST };
    const RunwayLog log = { NULL, tell_nothing };
    RunwayEventLog *events;
    char path[64], text[64] = "";
    int ends[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
    assert_int_equal(ff_runway_event_log_open(path, &log, &events, NULL),
                     RUNWAY_OK);
    alarm(20);
    for (int i = 0; i < 20000; i++)
        ff_runway_event(events, "state", fields);
    alarm(0);
    assert_int_equal(read(ends[0], text, 10), 10);
    assert_string_equal(text, "{\"time\":\"2");
    ff_runway_event_log_free(&events);
    /* it is still there for others */
    assert_int_equal(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    close(ends[0]);
    close(ends[1]);
}

/* A reader that goes ends no program, whatever that does about SIGPIPE. */
static void test_pipe_breaks(void **state)
{
    const RunwayEventField fields[] = { RUNWAY_EVENT_LAST };
    const RunwayLog log = { NULL, tell_nothing };
    RunwayEventLog *events;
    char path[64];
    int ends[2], status;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    snprintf(path, sizeof(path), "/dev/fd/%d", ends[1]);
    child = fork();
    if (!child) {
        signal(SIGPIPE, SIG_DFL);
        if (ff_runway_event_log_open(path, &log, &events, NULL))
            _exit(1);
        close(ends[0]);
        ff_runway_event(events, "state", fields);
        ff_runway_event_log_free(&events);
        _exit(0);
    }
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* emptied: that is how space was made. */
static void check_full(int emptied)
{
    const RunwayEventField fields[] = { RUNWAY_EVENT_LAST };
    char path[] = "/tmp/runway-events-XXXXXX", line[256];
    RunwayLog log = { NULL, report };
    struct rlimit limit;
    rlim_t was;
    RunwayEventLog *events;
    int fd = mkstemp(path), lines = 0;
    FILE *file;

    reported = 0;
    assert_true(fd >= 0);
    assert_int_equal(ff_runway_event_log_open(path, &log, &events, NULL),
                     RUNWAY_OK);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    was = limit.rlim_cur;
    limit.rlim_cur = 100; /* within the second line */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    for (int i = 0; i < 3; i++)
        ff_runway_event(events, "state", fields);
    limit.rlim_cur = was;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    if (emptied)
        assert_int_equal(ftruncate(fd, 0), 0);
    ff_runway_event(events, "state", fields);
    ff_runway_event_log_free(&events);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(reported, 1);
    file = fdopen(fd, "r");
    while (fgets(line, sizeof(line), file)) {
        lines++;
        assert_memory_equal(line, "{\"time\":\"2", 10);
        assert_string_equal(line + strlen(line) - 2, "}\n");
    }
    assert_int_equal(lines, emptied ? 1 : 3);
    fclose(file);
    unlink(path);
}

/* A line that only a part of had space on the disk is written to its end when
 * there is space again, and none is glued to it. */
static void test_full(void **state)
{
    (void)state;
    check_full(0);
    check_full(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_unfit),
        cmocka_unit_test(test_other_files),
        cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_socket),
        cmocka_unit_test(test_pipe_breaks),
        cmocka_unit_test(test_full),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("event_log", tests, NULL, NULL);
}
