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
 * A clip's whole journey, and the disk or the table of files fails at each moment
 * of it in turn.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "job_world.h"

static void test_full_disk(void **state)
{
    (void)state;
    world_sweep("a full disk", FAULT_SPACE, WORLD_INLINE);
    world_sweep("a full disk, with an upload", FAULT_SPACE, WORLD_UPLOAD);
    world_sweep("a full disk, on threads", FAULT_SPACE, WORLD_PIPELINE);
}

static void test_failing_disk(void **state)
{
    (void)state;
    world_sweep("a failing disk", FAULT_DISK, WORLD_INLINE);
    world_sweep("a failing disk, with an upload", FAULT_DISK, WORLD_UPLOAD);
    world_sweep("a failing disk, on threads", FAULT_DISK, WORLD_PIPELINE);
}

static void test_no_descriptors(void **state)
{
    (void)state;
    world_sweep("no descriptors", FAULT_OPEN, WORLD_INLINE);
    world_sweep("no descriptors, with an upload", FAULT_OPEN, WORLD_UPLOAD);
    world_sweep("no descriptors, on threads", FAULT_OPEN, WORLD_PIPELINE);
}

static int set_up(void **state)
{
    (void)state;
    faults_own_cjson();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_failing_disk),
        cmocka_unit_test(test_no_descriptors),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
