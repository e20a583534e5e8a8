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

/**
 * @file
 * The command line.
 */

#ifndef SIMULATOR_OPTIONS_H
#define SIMULATOR_OPTIONS_H

#include <stdint.h>

#include "faults.h"

#define SIM_MAX_FAIL_TASKS 64

typedef enum SimWrongPath {
    WRONG_PATH_HTML,
    WRONG_PATH_301,
    WRONG_PATH_404,
} SimWrongPath;

/** "The n-th task fails so"; n = 0 stands for every task. */
typedef struct SimFailTask {
    int n;
    const char *code;
} SimFailTask;

/** What the user chose. Strings point into argv. */
typedef struct SimOptions {
    /* the server */
    const char *bind;
    int port;
    int cdn_port;
    const char *tls_cert, *tls_key;
    const char *key;
    const char *log;
    const char *ready_file;
    double max_seconds;

    /* the service */
    double latency;
    int concurrency;
    int daily;            ///< -1: no limit
    double price;         ///< factor on every price
    double balance;       ///< credits; negative: never runs out
    int64_t data_uri_limit;
    int data_uri_status;
    int64_t body_limit;
    double url_lifetime;
    const char *url_tail;
    double output_after;
    SimFailTask fail_tasks[SIM_MAX_FAIL_TASKS];
    int nb_fail_tasks;

    /* the gateway */
    int wrap;
    double not_exist_for;
    int not_exist_as;
    SimWrongPath wrong_path;
    int bad_request_status;

    /* the result */
    const char *ffmpeg, *ffprobe;
    int renderers;
    int rate_num, rate_den; ///< 0/0: the source's
    int extra_frames;
    double stretch;
    int width, height;      ///< 0: the model's own rule
    int crop;
    int untagged;
    int no_audio;
    int vfr;
    int drift;              ///< a set of drift.h
    int crf;                ///< of H.264 results
    const char *codec;      ///< NULL: by the request's outputFormat
    const char *result_file; ///< what every result is; NULL: it is made

    /* what goes wrong */
    SimFaults *faults;
    uint64_t seed;
} SimOptions;

/**
 * Reads the command line; speaks for itself on stdout (--help) and stderr
 * (mistakes).
 *
 * @return 0: go on; 1: asked for help and got it; -1: a mistake was named
 */
int sim_options_parse(SimOptions *options, int argc, char **argv);

/** Frees what parsing allocated. */
void sim_options_free(SimOptions *options);

#endif /* SIMULATOR_OPTIONS_H */
