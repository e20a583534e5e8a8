// What happened, for whoever judges: GET /_ledger.
//
//   { provider, seed, credits,
//     tasks: [{ n, id, path, model, state, credits, estimated, fault, reported, polls,
//               early_polls, throttled, asked_at, created_at, prompt, members, request,
//               bearer,
//               source: { transport, bytes, sha256, picture, first, last, width, height,
//                         fps, seconds, frames } }],
//     refused: [{ path, status, message }],
//     forbidden: { deletes, second_bearers, two_headers, cdn_authorization },
//     early_polls, requests: { create, read, ... }, faults: [those that struck] }
//
// asked_at is when the create came in, created_at when it was accepted. A task is
// `reported` (the time, or null) when an answer that names it was handed to the connection
// whole: only of others may a client not know that they exist. `request` is a digest
// of the body without its video. What is forbidden is counted, and served as the
// service would serve it.
//
// This file is part of runway_v2v, LGPL 2.1 or later.
'use strict';

const { createHash } = require('node:crypto');

const digest = (text) => createHash('sha256').update(text).digest('hex');

function entry(task) {
    const { [task.spec.source]: video, ...rest } = task.body;
    return {
        n: task.n, id: String(task.id), path: task.path, model: task.model, state: task.state,
        credits: task.charged, estimated: task.estimated, fault: task.fault.kind || null, reported: task.reported,
        polls: task.polls, early_polls: task.earlyPolls, throttled: Boolean(task.throttled),
        asked_at: task.askedAt, created_at: task.createdAt, prompt: task.body.promptText ?? null,
        members: Object.keys(task.body).sort(),
        request: digest(JSON.stringify(Object.entries(rest).sort())), bearer: task.bearer,
        source: task.source, result: task.result ? { frames: task.result.frames } : null,
    };
}

function create({ provider, seed, faults, tasks }) {
    const refused = [];
    const forbidden = { deletes: 0, second_bearers: 0, two_headers: 0, cdn_authorization: 0 };
    let account;

    // The first key that is used is the account's.
    function bearer(key) {
        account ??= key;
        if (key !== account) forbidden.second_bearers++;
        return digest(key).slice(0, 12);
    }

    return {
        bearer, forbidden,
        refuse: (path, status, message) => refused.push({ path, status, message }),
        view: () => ({
            provider, seed, credits: tasks.spent(), tasks: tasks.all.map(entry), refused, forbidden,
            early_polls: tasks.all.reduce((sum, task) => sum + task.earlyPolls, 0),
            requests: faults.counts, faults: faults.fired,
        }),
    };
}

module.exports = { create };
