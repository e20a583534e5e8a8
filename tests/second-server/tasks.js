// The life of a task: PENDING, THROTTLED while too many run, RUNNING, and then
// SUCCEEDED, FAILED or CANCELLED.
//
//   const tasks = create({ dir, media, faults, options, link });
//   const task = tasks.accept({ askedAt, bearer, path, model, spec, body, facts, file,
//                               source, id });
//   tasks.get(id); tasks.all; tasks.cancel(task)
//   tasks.view(task)      the object that GET /v1/tasks/{id} answers with
//   tasks.today(model)    how many were accepted of that model
//
// link(task, odd) makes the URL of a result, a fresh one each time. options: queue
// and run, the seconds a task is PENDING and RUNNING at least; reads, how often it is
// read before it is over; concurrent, how many run at once. What a task costs is fixed
// when it is accepted, and charged then: a task that fails is paid for as well, one
// that is cancelled is not refunded.
//
// This file is part of runway_v2v, LGPL 2.1 or later.
'use strict';

const { randomInt, randomUUID } = require('node:crypto');
const path = require('node:path');

const OPEN = ['PENDING', 'THROTTLED', 'RUNNING'];

// most: what is billed up front, and but for the real price returned at the end
function cost({ rate, least = 0, seconds, most = 0 }) {
    const credits = (s) => Math.ceil(Math.max(rate * s, least) - 1e-6);
    return { estimated: Math.max(credits(Math.ceil(seconds - 0.005)), Math.ceil(most)), charged: credits(seconds) };
}

function create({ dir, media, faults, options, link }) {
    const byId = new Map();
    const all = [];
    const seconds = () => performance.now() / 1000;

    async function render(task) {
        const output = task.spec.output(task.facts, task.body);
        const target = path.join(dir, `result-${task.n}`);
        try {
            const made = await media.generate(task.file, task.body.promptText || '', output, target);
            task.result = { file: target, ...made };
        } catch (error) {
            process.stderr.write(`cannot make the result of task ${task.n}: ${error.message}\n`);
            task.broken = true;
        }
    }

    function accept({ id, ...request }) {
        const { estimated, charged } = cost(request.spec.price(request.facts, request.body));
        const task = {
            ...request, id: id === 'number' ? randomInt(1e9, 1e12) : randomUUID(), n: all.length + 1,
            state: 'PENDING', since: seconds(), createdAt: new Date().toISOString(), estimated, charged,
            fault: faults.next('task') || {}, reported: null, polls: 0, earlyPolls: 0,
        };
        byId.set(String(task.id), task);
        all.push(task);
        if (!['fail', 'cancel'].includes(task.fault.kind)) render(task);
        return task;
    }

    function enter(task, state) {
        task.state = state;
        task.since = seconds();
    }

    function advance(task) {
        const age = seconds() - task.since;
        if (task.state === 'PENDING' && age >= options.queue) enter(task, 'THROTTLED');
        if (task.state === 'THROTTLED') {
            const busy = all.filter((one) => one.state === 'RUNNING' && one.model === task.model).length;
            if (!options.concurrent || busy < options.concurrent) enter(task, 'RUNNING');
            else task.throttled = true;
        }
        if (task.state === 'RUNNING' && seconds() - task.since >= options.run && task.polls >= options.reads) {
            if (task.fault.kind === 'fail' || task.broken) enter(task, 'FAILED');
            else if (task.fault.kind === 'cancel') enter(task, 'CANCELLED');
            else if (task.result) enter(task, 'SUCCEEDED');
        }
    }

    const timer = setInterval(() => all.forEach(advance), 20);
    timer.unref();

    function view(task) {
        const common = { id: task.id, status: task.state, createdAt: task.createdAt };
        const estimate = options.bare ? {} : { estimatedCost: { credits: task.estimated } };
        const final = { cost: { credits: task.charged } };
        const age = seconds() - task.since;
        switch (task.state) {
        case 'RUNNING':
            // reported by the service only now and then
            return { ...common, ...estimate, progress: task.polls % 3 === 1 ? null : Math.min(0.99, age / (options.run + 1)) };
        case 'SUCCEEDED': {
            const late = task.fault.kind === 'late_output' && age < task.fault.seconds;
            return { ...common, ...final, output: late ? [] : [link(task, task.fault.kind === 'odd_url')] };
        }
        case 'FAILED': {
            const { code, failure } = task.broken ? { code: 'INTERNAL', failure: 'No result' } : task.fault;
            return { ...common, ...final, failure: failure || 'An unexpected error occurred.', ...(code ? { failureCode: code } : {}) };
        }
        case 'CANCELLED': return { ...common, ...final };
        default: return { ...common, ...estimate };
        }
    }

    // What DELETE does: an open task is cancelled, a finished one is gone.
    function cancel(task) {
        if (OPEN.includes(task.state)) enter(task, 'CANCELLED');
        else byId.delete(String(task.id));
    }

    return {
        accept, all, cancel, view,
        get: (id) => byId.get(id),
        today: (model) => all.filter((task) => task.model === model).length,
        spent: () => all.reduce((sum, task) => sum + task.charged, 0),
        stop: () => clearInterval(timer),
    };
}

module.exports = { create };
