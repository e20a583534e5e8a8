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
 * Results at private addresses, which only an API that is there itself may name:
 * "there" follows from a certificate that was verified, and from nothing else.
 * The service is openssl's, below a name that leads to this machine.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "http/client.h"
#include "core_test.h"

#define NAME "api.example.test"
/* of this machine by its name, and of another by its address */
#define ELSEWHERE "localhost.localdomain"

static char dir[32];
static int port;
static pid_t server;

/* What libcurl asks: our name leads to this machine, as an attacker's or a
 * company's may, and one of this machine's away. */
int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **list)
{
    int (*real)(const char *, const char *, const struct addrinfo *,
                struct addrinfo **);

    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (node && !strcmp(node, ELSEWHERE))
        node = "192.0.2.77";
    return real(node && !strcmp(node, NAME) ? "127.0.0.1" : node, service,
                hints, list);
}

static void write_file(const char *name, const char *text)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void run(const char *command)
{
    char whole[1024];

    snprintf(whole, sizeof(whole), "cd %s && { %s; } >log 2>&1", dir, command);
    if (system(whole))
        fail_msg("%s", whole);
}

static struct sockaddr_in here(int at)
{
    struct sockaddr_in address = { .sin_family = AF_INET };

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port        = htons((uint16_t)at);
    return address;
}

static int free_port(void)
{
    struct sockaddr_in address = here(0);
    socklen_t length = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    close(fd);
    return ntohs(address.sin_port);
}

/* Until the service is up. */
static void wait_for(int at)
{
    struct sockaddr_in address = here(at);
    int ret = -1;

    for (int i = 0; i < 200 && ret; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        ret = connect(fd, (struct sockaddr *)&address, sizeof(address));
        close(fd);
        if (ret)
            usleep(50000);
    }
    assert_int_equal(ret, 0);
}

/* An authority, a certificate of its for our name, and a service with it. */
static int set_up(void **state)
{
    char accept[32];

    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/runway-near-XXXXXX");
    assert_non_null(mkdtemp(dir));
    write_file("leaf.ext", "subjectAltName=DNS:" NAME ",IP:127.0.0.1\n");
    for (int i = 0; i < 2; i++) {
        char make[256];

        snprintf(make, sizeof(make), "openssl req -x509 -newkey rsa:2048 "
                 "-nodes -days 2 -subj /CN=authority -keyout ca%d.key "
                 "-out ca%d.pem", i, i);
        run(make);
    }
    run("openssl req -newkey rsa:2048 -nodes -subj /CN=leaf -keyout leaf.key "
        "-out leaf.csr && openssl x509 -req -set_serial 1 -days 2 -in leaf.csr "
        "-CA ca0.pem -CAkey ca0.key -extfile leaf.ext -out leaf.pem");
    run("mkdir -p v1/tasks");
    write_file("v1/tasks/task-1", "HTTP/1.0 200 OK\r\n"
               "Content-Type: application/json\r\nContent-Length: 35\r\n\r\n"
               "{\"id\":\"task-1\",\"status\":\"RUNNING\"} ");
    write_file("result", "HTTP/1.0 200 OK\r\nContent-Type: video/mp4\r\n"
               "Content-Length: 6\r\n\r\nresult");
    port = free_port();
    snprintf(accept, sizeof(accept), "127.0.0.1:%d", port);
    server = fork();
    if (!server) {
        if (!chdir(dir) && freopen("server.log", "w", stdout) &&
            freopen("server.err", "w", stderr))
            execlp("openssl", "openssl", "s_server", "-accept", accept, "-cert",
                   "leaf.pem", "-key", "leaf.key", "-HTTP", (char *)NULL);
        _exit(1);
    }
    wait_for(port);
    return 0;
}

static int tear_down(void **state)
{
    char command[64];

    (void)state;
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command);
}

static RunwayClient *connect_to(const char *base, const char *ca, int verify)
{
    char ca_file[64];
    RunwayClientConfig config = {
        .provider = ff_runway_provider_find("runway"), .base_url = base,
        .api_version = RUNWAY_API_VERSION, .key = "key", .proxy = "",
        .ca_file = ca_file, .tls_verify = verify,
    };
    RunwayClient *client;
    RunwayError err;

    snprintf(ca_file, sizeof(ca_file), "%s/%s", dir, ca);
    if (ff_runway_client_create(&config, &client, &err))
        fail_msg("%s", err.text);
    return client;
}

static RunwayClient *connect_with(const char *ca, int verify)
{
    char base[64];
    RunwayClient *client;

    snprintf(base, sizeof(base), "https://" NAME ":%d", port);
    client = connect_to(base, ca, verify);
    assert_false(ff_runway_client_is_loopback(client));
    return client;
}

static RunwayOutcome read_task(RunwayClient *client)
{
    RunwayTask task;
    RunwayError err;
    int64_t wait;

    return ff_runway_client_read(client, "task-1", &task, &wait, &err);
}

/* A result at that host of ours. */
static RunwayOutcome download(RunwayClient *client, const char *host)
{
    int fd = make_file("", 0);
    char url[64];
    int64_t done = 0, wait;
    RunwayError err;
    RunwayOutcome ret;

    snprintf(url, sizeof(url), "https://%s:%d/result", host, port);
    ret = ff_runway_client_download(client, url, fd, &done, &wait, &err);
    assert_int_equal(done, ret ? 0 : 6);
    close(fd);
    return ret;
}

static void refuses_both(RunwayClient *client)
{
    assert_int_equal(download(client, "127.0.0.1"), RUNWAY_REFUSED);
    assert_int_equal(download(client, NAME), RUNWAY_REFUSED);
}

static void test_verified(void **state)
{
    RunwayClient *client = connect_with("ca0.pem", 1);
    int64_t done = 0, wait;
    RunwayError err;
    char url[64];

    (void)state;
    /* that its name leads here says nothing yet: names can be led astray */
    refuses_both(client);
    assert_int_equal(read_task(client), RUNWAY_OK);
    assert_int_equal(download(client, "127.0.0.1"), RUNWAY_OK);
    assert_int_equal(download(client, NAME), RUNWAY_OK);
    /* which does not make it an API on this machine, as base_url may say */
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/result", port);
    assert_int_equal(ff_runway_client_download(client, url, -1, &done, &wait,
                                               &err), RUNWAY_REFUSED);
    assert_non_null(strstr(err.text, "over http://"));
    ff_runway_client_free(&client);
}

static void test_another_authority(void **state)
{
    RunwayClient *client = connect_with("ca1.pem", 1);

    (void)state;
    assert_int_not_equal(read_task(client), RUNWAY_OK);
    refuses_both(client);
    ff_runway_client_free(&client);
}

static void test_not_verified(void **state)
{
    RunwayClient *client = connect_with("ca0.pem", 0);

    (void)state;
    assert_int_equal(read_task(client), RUNWAY_OK);
    refuses_both(client);
    ff_runway_client_free(&client);
}

/* The key does not go out in the clear because a name says that it stays here. */
static void test_localhost_elsewhere(void **state)
{
    RunwayClient *client = connect_to("http://" ELSEWHERE ":9", "ca0.pem", 1);
    RunwayTask task;
    RunwayError err;
    int64_t wait;

    (void)state;
    assert_true(ff_runway_client_is_loopback(client));
    assert_int_not_equal(ff_runway_client_read(client, "task-1", &task, &wait,
                                               &err), RUNWAY_OK);
    if (!strstr(err.text, "may not use: http:// is for loopback only"))
        fail_msg("%s", err.text);
    ff_runway_client_free(&client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verified),
        cmocka_unit_test(test_another_authority),
        cmocka_unit_test(test_not_verified),
        cmocka_unit_test(test_localhost_elsewhere),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    if (system("openssl version >/dev/null 2>&1")) {
        puts("1..0 # SKIP no openssl here");
        return 0;
    }
    return cmocka_run_group_tests_name("near", tests, set_up, tear_down);
}
