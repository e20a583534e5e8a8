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
#include <unistd.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "http/url.h"

static void check_url(const char *text, const char *want, const char *host,
                      int port, int loopback)
{
    RunwayUrl url;

    assert_int_equal(ff_runway_url_parse(text, &url), RUNWAY_OK);
    assert_string_equal(url.text, want);
    assert_string_equal(url.host, host);
    assert_int_equal(url.port, port);
    assert_int_equal(url.is_loopback, loopback);
    assert_int_equal(url.is_https, !strncmp(want, "https:", 6));
    ff_runway_url_reset(&url);
    assert_null(url.text);
}

static void test_url(void **state)
{
    (void)state;
    check_url("https://api.example.com", "https://api.example.com",
              "api.example.com", 443, 0);
    check_url("HTTPS://API.Example.com:443/", "https://api.example.com",
              "api.example.com", 443, 0);
    check_url("https://a.b/Runway/ML//", "https://a.b/Runway/ML", "a.b", 443,
              0);
    check_url("https://a.b:8443/x", "https://a.b:8443/x", "a.b", 8443, 0);
    check_url("http://127.0.0.1:80", "http://127.0.0.1", "127.0.0.1", 80, 1);
    check_url("http://127.9.8.7:443/", "http://127.9.8.7:443", "127.9.8.7",
              443, 1);
    check_url("http://LocalHost:5", "http://localhost:5", "localhost", 5, 1);
    check_url("http://[::1]:5/a", "http://[::1]:5/a", "[::1]", 5, 1);
    check_url("https://localhost.example.com", "https://localhost.example.com",
              "localhost.example.com", 443, 0);
    check_url("https://127.0.0.1.example.com/",
              "https://127.0.0.1.example.com", "127.0.0.1.example.com", 443, 0);
}

static void test_no_url(void **state)
{
    static const char *const bad[] = {
        "", "api.example.com", "ftp://a.b", "file:///etc/passwd", "https://",
        "//a.b", "https://a.b:99999", "https://a.b:x", "gopher:",
        "https://a.b:0", "http://127.0.0.1:0/", "http://\xff" "1:0",
        "://", "https://[::1", "http//a.b", "https://m\xC3\xBCller.example/",
        "https://m%C3%BCller.example/", "https://\xEF\xBC\x91.1/",
    };
    RunwayUrl url;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_int_equal(ff_runway_url_parse(bad[i], &url), RUNWAY_INVALID);
        assert_null(url.text);
        assert_null(url.host);
    }
    /* an error would be cut within a longer one */
    for (int n = RUNWAY_HOST_MAX; n < RUNWAY_HOST_MAX + 2; n++) {
        char text[300] = "https://";

        memset(text + 8, 'a', (size_t)n);
        assert_int_equal(ff_runway_url_parse(text, &url),
                         n == RUNWAY_HOST_MAX ? RUNWAY_OK : RUNWAY_INVALID);
        ff_runway_url_reset(&url);
    }
}

static void test_url_flags(void **state)
{
    static const struct { const char *text; int user, query; } cases[] = {
        { "https://a.b/c", 0, 0 }, { "https://u@a.b/c", 1, 0 },
        { "https://u:p@a.b/c", 1, 0 }, { "https://:p@a.b/c", 1, 0 },
        { "https://a.b/c?d=e", 0, 1 }, { "https://a.b/c#d", 0, 1 },
        { "https://a.b/c?", 0, 1 }, { "https://a.b/c#", 0, 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        RunwayUrl url;

        assert_int_equal(ff_runway_url_parse(cases[i].text, &url),
                         RUNWAY_OK);
        assert_int_equal(url.has_user, cases[i].user);
        assert_int_equal(url.has_query, cases[i].query);
        /* neither shows in what may be logged */
        assert_null(strpbrk(url.text + 8, "?#@"));
        ff_runway_url_reset(&url);
    }
}

static RunwayReach reach(const char *text)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;

    memset(&address, 0, sizeof(address));
    if (strchr(text, ':')) {
        address.v6.sin6_family = AF_INET6;
        assert_int_equal(inet_pton(AF_INET6, text, &address.v6.sin6_addr), 1);
    } else {
        address.v4.sin_family = AF_INET;
        assert_int_equal(inet_pton(AF_INET, text, &address.v4.sin_addr), 1);
    }
    return ff_runway_reach(&address.any);
}

static void test_reach(void **state)
{
    static const char *const public[] = {
        "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0",
        "126.255.255.255", "128.0.0.0", "169.253.255.255", "169.255.0.0",
        "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255",
        "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255",
        "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1",
        "192.0.3.0", "192.31.195.255", "192.31.197.0", "192.52.194.0",
        "192.88.98.255", "192.88.100.0", "192.175.47.255", "192.175.49.0",
        "198.51.99.255", "198.51.101.0", "203.0.112.255", "203.0.114.0",
        "2000::1", "2001:200::1", "2001:db7::1", "2001:db9::1", "2003::1",
        "2620:4e::1", "2620:4f:8001::1", "3ffe::1", "3fff:1000::1",
        "2600::100:5efe:a00:1", "2600::5efd:a00:1", "2600::5efe:a00:1:0",
    };
    static const char *const private[] = {
        "0.0.0.0", "0.255.255.255", "10.0.0.0", "10.255.255.255", "100.64.0.0",
        "100.127.255.255", "169.254.169.254", "172.16.0.0", "172.31.255.255",
        "192.0.0.1", "192.168.0.0", "192.168.255.255", "198.18.0.0",
        "198.19.255.255", "224.0.0.1", "255.255.255.255", "::", "fc00::1",
        "fdff::1", "fe80::1", "febf::1", "fec0::1", "ff02::1",
        "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::192.168.0.1",
        "::1.1.1.1",
        /* IANA's special-purpose registries, first and last of each */
        "192.0.0.0", "192.0.0.255", "192.0.2.0", "192.0.2.255",
        "192.31.196.0", "192.31.196.255", "192.52.193.0", "192.52.193.255",
        "192.88.99.0", "192.88.99.255", "192.175.48.0", "192.175.48.255",
        "198.51.100.0", "198.51.100.255", "203.0.113.0", "203.0.113.255",
        "240.0.0.1", "239.255.255.255",
        "64:ff9b:1::", "64:ff9b:1:ffff::8.8.8.8", "100::1", "100:0:0:1::1",
        "2001::1", "2001:1::1", "2001:2::1", "2001:3::1", "2001:4:112::1",
        "2001:10::1", "2001:20::1", "2001:30::1", "2001:1ff:ffff::1",
        "2001:db8::1", "2001:db8:ffff::1", "2620:4f:8000::1", "3fff::1",
        "3fff:fff:ffff::1", "5f00::1", "4000::1", "1fff::1",
        /* IPv4 inside: 6to4, Teredo, compatible, translated, 127.0.0.1 that is
         * the translator's own */
        "2002:7f00:1::", "2002:a00:1::1", "2002:101:101::1",
        "2001:0:7f00:1::", "::127.0.0.1", "::10.0.0.1", "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "::ffff:192.0.2.1",
        /* ISATAP */
        "2600::5efe:10.0.0.1", "2600:1:2:3:200:5efe:8.8.8.8",
    };
    static const char *const loopback[] = {
        "127.0.0.1", "127.0.0.0", "127.255.255.255", "::1",
        "::ffff:127.0.0.1",
    };
    struct sockaddr_un local = { .sun_family = AF_UNIX };

    (void)state;
    for (size_t i = 0; i < sizeof(public) / sizeof(*public); i++)
        assert_int_equal(reach(public[i]), RUNWAY_REACH_PUBLIC);
    for (size_t i = 0; i < sizeof(private) / sizeof(*private); i++)
        assert_int_equal(reach(private[i]), RUNWAY_REACH_PRIVATE);
    for (size_t i = 0; i < sizeof(loopback) / sizeof(*loopback); i++)
        assert_int_equal(reach(loopback[i]), RUNWAY_REACH_LOOPBACK);
    assert_int_equal(ff_runway_reach((struct sockaddr *)&local),
                     RUNWAY_REACH_PRIVATE);
}

static void test_host_reach(void **state)
{
    static const char *const loopback[] = {
        "LOCALHOST", "localhost.", "a.b.localhost", "localhost.localdomain",
        "ip6-localhost", "127.1", "127.0.1", "0x7f.1", "0x7f000001",
        "017700000001", "2130706433", "127.0.0.1.", "127.0.0.1..",
        "localhost..", "localhost4",
        "localhost6.localdomain6", "[::ffff:127.0.0.1]",
        "[0:0:0:0:0:0:0:1]", "[::1%25lo]",
    };
    static const char *const private[] = {
        "0", "0.0.0.0", "10.1", "167772161", "0xa9fea9fe", "192.168.257",
        "[fe80::1%25eth0]", "[::]", "[64:ff9b::127.0.0.1]", "255.255.255.255",
    };
    static const char *const public[] = {
        "localhost.com", "xlocalhost", "mylocalhost.localdomain.org", "1.1.1.1",
        "0x08080808", "[2606:4700::1111]", "127.0.0.1.example.com", ".", "[",
        "256.1.1.1", "1.2.3.4.5",
    };
    char longest[400];

    (void)state;
    assert_int_equal(ff_runway_host_reach("localhost"), RUNWAY_REACH_LOOPBACK);
    assert_int_equal(ff_runway_host_reach("127.1.2.3"), RUNWAY_REACH_LOOPBACK);
    assert_int_equal(ff_runway_host_reach("[::1]"), RUNWAY_REACH_LOOPBACK);
    for (size_t i = 0; i < sizeof(loopback) / sizeof(*loopback); i++)
        if (ff_runway_host_reach(loopback[i]) != RUNWAY_REACH_LOOPBACK)
            fail_msg("%s", loopback[i]);
    for (size_t i = 0; i < sizeof(private) / sizeof(*private); i++)
        if (ff_runway_host_reach(private[i]) != RUNWAY_REACH_PRIVATE)
            fail_msg("%s", private[i]);
    for (size_t i = 0; i < sizeof(public) / sizeof(*public); i++)
        if (ff_runway_host_reach(public[i]) != RUNWAY_REACH_PUBLIC)
            fail_msg("%s", public[i]);
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = 0;
    assert_int_equal(ff_runway_host_reach(longest), RUNWAY_REACH_PUBLIC);
    assert_int_equal(ff_runway_host_reach("10.0.0.1"), RUNWAY_REACH_PRIVATE);
    assert_int_equal(ff_runway_host_reach("[fe80::1]"), RUNWAY_REACH_PRIVATE);
    assert_int_equal(ff_runway_host_reach("8.8.8.8"), RUNWAY_REACH_PUBLIC);
    assert_int_equal(ff_runway_host_reach("example.com"), RUNWAY_REACH_PUBLIC);
    assert_int_equal(ff_runway_host_reach(""), RUNWAY_REACH_PUBLIC);
    assert_int_equal(ff_runway_host_reach("[]"), RUNWAY_REACH_PUBLIC);
    assert_int_equal(ff_runway_host_reach("[::1"), RUNWAY_REACH_PUBLIC);
}

static void test_no_proxy(void **state)
{
    static const struct { const char *list, *host; int match; } cases[] = {
        { NULL, "a.b", 0 }, { "", "a.b", 0 }, { "*", "a.b", 1 },
        { "a.b", "a.b", 1 }, { "A.B", "a.b", 1 }, { "b", "a.b", 1 },
        { ".b", "a.b", 1 }, { ".a.b", "a.b", 1 }, { "xa.b", "a.b", 0 },
        { "a.b", "xa.b", 0 }, { "a.b", "x.a.b", 1 }, { "a", "a.b", 0 },
        { "c, a.b", "a.b", 1 }, { "c a.b d", "a.b", 1 }, { ", ,", "a.b", 0 },
        { ".", "a.b", 0 }, { "c,*", "a.b", 1 }, { "*.b", "a.b", 0 },
        { "[::1]", "[::1]", 1 }, { "c,FD00::5 d", "[fd00::5]", 1 },
        { "fd00::", "[fd00::5]", 0 }, { "0::5", "[fd00::5]", 0 },
        { "[fd00::5]", "[fd00::5]", 1 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        assert_int_equal(ff_runway_no_proxy(cases[i].list, cases[i].host),
                         cases[i].match);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url),
        cmocka_unit_test(test_no_url),
        cmocka_unit_test(test_url_flags),
        cmocka_unit_test(test_reach),
        cmocka_unit_test(test_host_reach),
        cmocka_unit_test(test_no_proxy),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
