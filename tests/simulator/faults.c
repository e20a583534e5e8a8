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

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "faults.h"
#include "util.h"

#define MAX_RULES 64

typedef struct Rule {
    SimWhere where;
    long first, last;   ///< counted from 1
    double percent;     ///< negative: by count
    SimFault fault;
    char *text;
} Rule;

struct SimFaults {
    pthread_mutex_t lock;
    Rule rules[MAX_RULES];
    int nb_rules;
    long counts[NB_WHERE];
    uint64_t random;
};

static const char *const where_names[NB_WHERE] = {
    [WHERE_CREATE]   = "create",
    [WHERE_READ]     = "read",
    [WHERE_DELETE]   = "delete",
    [WHERE_ACCOUNT]  = "account",
    [WHERE_UPLOAD]   = "upload",
    [WHERE_STORAGE]  = "storage",
    [WHERE_DOWNLOAD] = "download",
};

static const struct {
    const char *name;
    SimFaultKind kind;
    int has_value;
    double min, max;
} kinds[] = {
    { "drop-before",  FAULT_DROP_BEFORE,  0, 0, 0 },
    { "drop-after",   FAULT_DROP_AFTER,   0, 0, 0 },
    { "drop-late",    FAULT_DROP_LATE,    1, 0, 86400 },
    { "status",       FAULT_STATUS,       1, 200, 599 },
    { "after-status", FAULT_AFTER_STATUS, 1, 200, 599 },
    { "after-page",   FAULT_AFTER_PAGE,   1, 200, 599 },
    { "stall",        FAULT_STALL,        1, 0, 86400 },
    { "cut",          FAULT_CUT,          1, 0, 1e15 },
    { "bad-json",     FAULT_BAD_JSON,     0, 0, 0 },
    { "html",         FAULT_HTML,         0, 0, 0 },
    { "slow",         FAULT_SLOW,         1, 1, 1e12 },
    { "huge",         FAULT_HUGE,         0, 0, 0 },
};

const char *sim_where_name(SimWhere where)
{
    return where >= 0 && where < NB_WHERE ? where_names[where] : "none";
}

SimFaults *sim_faults_alloc(void)
{
    SimFaults *faults = sim_calloc(sizeof(*faults));

    pthread_mutex_init(&faults->lock, NULL);
    return faults;
}

void sim_faults_free(SimFaults *faults)
{
    if (!faults)
        return;
    for (int i = 0; i < faults->nb_rules; i++)
        free(faults->rules[i].text);
    pthread_mutex_destroy(&faults->lock);
    free(faults);
}

/* "*", "3", "3-5", "3+" or "20%" */
static const char *parse_which(Rule *rule, char *which)
{
    static const char *const error =
        "which one: a number, N-M, N+, P% or * expected";
    size_t length = strlen(which);
    double first, last;
    char *dash;

    rule->first = 1;
    rule->last  = rule->percent < 0 ? 1 : 0;
    if (!length)
        return error;
    if (!strcmp(which, "*")) {
        rule->last = -1;
        return NULL;
    }
    if (which[length - 1] == '%') {
        which[length - 1] = '\0';
        rule->last = -1;
        return sim_parse_number(which, 0, 100, &rule->percent) ? error : NULL;
    }
    if (which[length - 1] == '+') {
        which[length - 1] = '\0';
        if (sim_parse_number(which, 1, 1e9, &first))
            return error;
        rule->first = (long)first;
        rule->last  = -1;
        return NULL;
    }
    dash = strchr(which, '-');
    if (dash)
        *dash++ = '\0';
    if (sim_parse_number(which, 1, 1e9, &first) ||
        sim_parse_number(dash ? dash : which, first, 1e9, &last))
        return error;
    rule->first = (long)first;
    rule->last  = (long)last;
    return NULL;
}

static const char *parse_what(Rule *rule, char *what)
{
    char *comma = strchr(what, ','), *equals;
    size_t i;

    rule->fault.retry_after = -1;
    if (comma) {
        *comma++ = '\0';
        if (!sim_has_prefix(comma, "retry-after="))
            return "after the comma: retry-after=SECONDS expected";
        if (sim_parse_number(comma + strlen("retry-after="), 0, 1e6,
                             &rule->fault.retry_after))
            return "retry-after wants seconds";
    }
    equals = strchr(what, '=');
    if (equals)
        *equals++ = '\0';
    for (i = 0; i < SIM_ELEMS(kinds); i++) {
        if (!strcmp(what, kinds[i].name))
            break;
    }
    if (i == SIM_ELEMS(kinds))
        return "what: drop-before, drop-after, drop-late=, status=, "
               "after-status=, after-page=, stall=, cut=, bad-json, html, "
               "slow= or huge expected";
    if (!equals != !kinds[i].has_value)
        return equals ? "this fault takes no value"
                      : "this fault needs a value";
    if (equals && sim_parse_number(equals, kinds[i].min, kinds[i].max,
                                   &rule->fault.value))
        return "the fault's value is no number or out of range";
    rule->fault.kind = kinds[i].kind;
    rule->fault.name = kinds[i].name;
    return NULL;
}

const char *sim_faults_add(SimFaults *faults, const char *text)
{
    char *copy, *what, *which;
    const char *error;
    Rule *rule;
    int i;

    if (faults->nb_rules == MAX_RULES)
        return "too many faults";
    rule          = &faults->rules[faults->nb_rules];
    *rule         = (Rule) { .percent = -1 };
    copy          = sim_strdup(text);
    what          = strchr(copy, '=');
    error         = "WHERE[:WHICH]=WHAT expected";
    if (!what)
        goto fail;
    *what++ = '\0';
    which = strchr(copy, ':');
    if (which)
        *which++ = '\0';
    error = "where: create, read, delete, account, upload, storage or "
            "download expected";
    for (i = 0; i < NB_WHERE && strcmp(copy, where_names[i]); i++)
        ;
    if (i == NB_WHERE)
        goto fail;
    rule->where = i;
    rule->first = rule->last = 1;
    error = which ? parse_which(rule, which) : NULL;
    if (error)
        goto fail;
    error = parse_what(rule, what);
    if (error)
        goto fail;
    rule->text = copy;
    faults->nb_rules++;
    return NULL;

fail:
    free(copy);
    return error;
}

void sim_faults_seed(SimFaults *faults, uint64_t seed)
{
    faults->random = seed;
}

/* splitmix64: the same seed gives the same schedule everywhere. */
static double random_percent(SimFaults *faults)
{
    uint64_t z = faults->random += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return (double)(z >> 11) * (100.0 / 9007199254740992.0);
}

SimFault sim_faults_take(SimFaults *faults, SimWhere where)
{
    SimFault fault = { .retry_after = -1 };
    long n;

    if (where < 0 || where >= NB_WHERE)
        return fault;
    pthread_mutex_lock(&faults->lock);
    n = ++faults->counts[where];
    for (int i = 0; i < faults->nb_rules; i++) {
        const Rule *rule = &faults->rules[i];

        if (rule->where != where || n < rule->first ||
            (rule->last >= 0 && n > rule->last))
            continue;
        if (rule->percent >= 0 && random_percent(faults) >= rule->percent)
            continue;
        fault = rule->fault;
        break;
    }
    pthread_mutex_unlock(&faults->lock);
    return fault;
}
