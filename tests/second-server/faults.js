// Which request, or which task, meets with which misfortune.
//
//   const faults = create(list);            // a list of plain objects, see below
//   faults.next('create')                   // counts, and gives the fault or undefined
//   faults.add(list)                        // more of them; counting goes on
//   draw(seed, { provider, severity, paid })   // such a list
//
// A fault: { on, nth, kind, ... }
//
//   on      create, read, slot, storage, organization, download (counted by request),
//           task (counted by accepted create)
//   nth     1 (the default), [2, 4], or "all"
//
// and for a request, by kind:
//
//   answer  { status, body: "html" | "json", retry_after, accepted, id }
//           somebody in between (html), or the service itself (json), answers with an
//           error; with `accepted` the create was taken before, with `id` the error
//           names the task
//   cut     { accepted, reply, early }   the connection is cut: before the request is
//           acted on, or after, or (reply) with half of the answer sent, or (early)
//           while the body is on its way
//   stall   { accepted, seconds } nothing for so long, then a cut
//   page    { accepted }          200 with a web page, as a captive portal gives
//   shape   { as }                create: the id as "number", as "string" (data), 201 ("created"),
//                                 or without estimatedCost ("bare")
//   not_exist                     read: the gateway does not know the task yet
//   truncate { bytes }            download: cut after so many bytes
//   slow    { rate }              download: bytes per second
//
// and for a task: fail { code, failure }, cancel, late_output { seconds }, odd_url.
//
// This file is part of runway_v2v, LGPL 2.1 or later.
'use strict';

const { seeded } = require('./random');

const WHERE = ['create', 'read', 'slot', 'storage', 'organization', 'download', 'task'];
const KINDS = ['answer', 'cut', 'stall', 'page', 'shape', 'not_exist', 'truncate', 'slow',
    'fail', 'cancel', 'late_output', 'odd_url'];

function checked(list) {
    for (const fault of list) {
        if (!WHERE.includes(fault.on)) throw new Error(`no such place for a fault: ${fault.on}`);
        if (!KINDS.includes(fault.kind)) throw new Error(`no such fault: ${fault.kind}`);
    }
    return list;
}

function create(list) {
    const faults = [...checked(list)];
    const counts = Object.fromEntries(WHERE.map((where) => [where, 0]));
    const fired = [];

    function next(where) {
        const n = ++counts[where];
        const fault = faults.find((one) => one.on === where
            && (one.nth === 'all' || [one.nth ?? 1].flat().includes(n)));
        if (fault) fired.push({ ...fault, nth: n });
        return fault;
    }

    return { add: (more) => faults.push(...checked(more)), counts, fired, next };
}

// What may be drawn. Those under `free` leave no doubt of what a create did.
const CREATE_FREE = [
    { kind: 'answer', status: 429, body: 'json', retry_after: 1 },
    { kind: 'answer', status: 503, body: 'json', retry_after: 1 },
    { kind: 'shape', as: 'created' },
    { kind: 'shape', as: 'bare' },
    { kind: 'answer', status: 400, body: 'json', accepted: true, id: true },
    { kind: 'answer', status: 500, body: 'json', accepted: true, id: true },
];
const CREATE_GATEWAY = [
    { kind: 'shape', as: 'number' },
    { kind: 'shape', as: 'string' },
];
const CREATE_UNKNOWN = [
    ...[408, 409, 499, 500, 502, 503, 504, 524].map((status) => ({ kind: 'answer', status, body: 'html', accepted: true })),
    { kind: 'answer', status: 503, body: 'html', retry_after: 1, accepted: true },
    { kind: 'answer', status: 503, body: 'html', retry_after: 1 },
    ...[404, 429].map((status) => ({ kind: 'answer', status, body: 'html', accepted: true })),
    { kind: 'answer', status: 502, body: 'json', accepted: true },
    { kind: 'cut', accepted: true },
    { kind: 'cut', accepted: true, reply: true },
    { kind: 'cut' },
    { kind: 'cut', early: true },
    { kind: 'page', accepted: true },
    { kind: 'page' },
];
const READ = [
    ...[500, 502, 503, 504, 524].map((status) => ({ kind: 'answer', status, body: 'html' })),
    { kind: 'answer', status: 429, body: 'json', retry_after: 1 },
    { kind: 'cut' },
    { kind: 'cut', accepted: true, reply: true },
    { kind: 'page' },
];
const DOWNLOAD = [
    { kind: 'answer', status: 502, body: 'html' },
    { kind: 'answer', status: 403, body: 'html' },
    { kind: 'truncate', bytes: 5000 },
    { kind: 'truncate', bytes: 100 },
    { kind: 'slow', rate: 40000 },
    { kind: 'cut' },
    { kind: 'page' },
];
const UPLOAD = [
    { kind: 'answer', status: 503, body: 'html' },
    { kind: 'answer', status: 500, body: 'html' },
    { kind: 'cut' },
];
const TASK = [
    { kind: 'late_output', seconds: 1 },
    { kind: 'odd_url' },
];
const TASK_PAID = [
    { kind: 'fail', code: 'INTERNAL.BAD_OUTPUT.CODE01', failure: 'An unexpected error occurred.' },
    { kind: 'fail', code: 'INTERNAL', failure: 'An unexpected error occurred.' },
    { kind: 'fail', failure: 'An unexpected error occurred.' },
];

// paid: also what can make a second payment right (a create of unknown fate, a
// task that fails). severity: how many of the requests meet with something.
function draw(seed, { provider, severity = 0.3, paid = false }) {
    const random = seeded(seed);
    const list = [];
    const some = (on, count, choice, share = 1) => {
        for (let nth = 1; nth <= count; nth++) {
            if (random.chance(severity * share)) list.push({ on, nth, ...random.pick(choice) });
        }
    };
    const gateway = provider === 'cometapi';
    some('create', 12, [...CREATE_FREE, ...(gateway ? CREATE_GATEWAY : []), ...(paid ? CREATE_UNKNOWN : [])]);
    some('read', 60, gateway ? [...READ, { kind: 'not_exist' }] : READ, 0.7);
    some('download', 16, DOWNLOAD);
    some('task', 12, paid ? [...TASK, ...TASK_PAID] : TASK, 0.7);
    some('slot', 8, UPLOAD, 0.7);
    some('storage', 8, UPLOAD, 0.7);
    return list;
}

module.exports = { create, draw };
