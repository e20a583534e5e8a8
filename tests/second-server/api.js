// The API's port: what is asked is checked, refused or done.
//
//   http.createServer(create({ provider, options, assets, tasks, ledger, faults, replies }))
//
// Beside the API there are, for tests, GET /_ledger and POST /_faults (a list for
// faults.js). Everything else lies under the provider's own path, /v1/... at Runway,
// /runwayml/v1/... at CometAPI, which has no uploads, account or DELETE.
//
// This file is part of runway_v2v, LGPL 2.1 or later.
'use strict';

const { check, issue } = require('./check');
const { body: readBody, mishap, send, tells } = require('./http');
const models = require('./models');

const VERSION = '2024-11-06';
const BODY_MAX = 16 * 1024 * 1024;
const DAY = 'You have reached the daily limit of generations for this model.';
const POOR = 'You do not have enough credits to run this task.';
const KINDS_OF_FAULT_IN_ACT = ['shape', 'not_exist'];

const SLOT = {
    kind: 'object', required: ['filename', 'type'], members: {
        filename: { kind: 'text', min: 1, max: 255 }, type: { kind: 'oneOf', values: ['ephemeral'] },
    },
};

function parsed(bytes) {
    try { return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)); } catch { return undefined; }
}

function create({ provider, options, assets, tasks, ledger, faults, replies, storage }) {
    const prefix = provider === 'cometapi' ? '/runwayml' : '';
    const { refusal } = replies;

    // What a request is for, or undefined.
    function route(method, path) {
        const id = /^\/v1\/tasks\/([^/]+)$/.exec(path);
        if (id && method === 'GET') return { where: 'read', act: (r) => read(id[1], r) };
        if (method === 'POST' && models.paths.includes(path)) return { where: 'create', act: (r) => order(path, r) };
        if (provider === 'cometapi') return undefined;
        if (id && method === 'DELETE') return { where: 'delete', act: () => remove(id[1]) };
        if (method === 'POST' && path === '/v1/uploads') return { where: 'slot', act: slot };
        if (method === 'GET' && path === '/v1/organization') return { where: 'organization', act: organization };
        return undefined;
    }

    // Key and version, which every request has to bear.
    function credentials(req, request) {
        const headers = req.rawHeaders.filter((_, n) => n % 2 === 0).map((name) => name.toLowerCase());
        if (headers.filter((name) => name === 'authorization').length > 1) ledger.forbidden.two_headers++;
        const key = /^Bearer (\S+)$/.exec(req.headers.authorization || '');
        if (!key) return refusal(401, 'You did not provide an API key.', { code: 'invalid_api_key' });
        request.bearer = ledger.bearer(key[1]);
        if (options.key && key[1] !== options.key) {
            return refusal(401, 'The API key is not valid.', { code: 'invalid_api_key' });
        }
        if (req.headers['x-runway-version'] === VERSION) return undefined;
        return refusal(400, 'X-Runway-Version header is missing or invalid.');
    }

    const invalid = (issues) => refusal(400, undefined, { issues });

    // Where a medium is named that cannot be had: a refusal.
    function references(body, source) {
        for (const [member, value] of Object.entries(body)) {
            if (member === source || !Array.isArray(value)) continue;
            const image = !/Videos|Audio/.test(member);
            const at = value.findIndex((one) => !assets.holds(one.uri, image));
            if (at >= 0) return invalid([issue('custom', 'Invalid asset', [member, at, 'uri'])]);
        }
        return undefined;
    }

    async function order(path, { askedAt, body, bearer, fault }) {
        if (typeof body !== 'object' || body === null || Array.isArray(body)) {
            return invalid([issue('invalid_type', 'Expected object', [])]);
        }
        const spec = models.find(path, body.model, provider);
        if (!spec) {
            return invalid([issue('invalid_union_discriminator', `Invalid discriminator value. Expected ${
                models.namesOf(path).map((name) => `'${name}'`).join(' | ')}`, ['model'])]);
        }
        if (spec.sunset) return refusal(400, spec.sunset);
        const issues = check(spec.body, body);
        if (!issues.length && spec.rules) issues.push(...spec.rules(body));
        if (issues.length) return invalid(issues);
        const refused = references(body, spec.source);
        if (refused) return refused;
        const asset = await assets.open(body[spec.source], spec.input);
        if (asset.refusal) return refusal(400, asset.refusal);
        if (options.daily && tasks.today(body.model) >= options.daily) return refusal(429, DAY, { code: 'daily_limit' });
        const price = spec.price(asset.facts, body);
        if (tasks.spent() + Math.max(price.rate * price.seconds, price.least || 0, price.most || 0) > options.credits) {
            return refusal(400, POOR, { code: 'insufficient_credits' });
        }
        const shape = fault && fault.as;
        const task = tasks.accept({ askedAt, path, model: body.model, spec, body, bearer, ...asset, id: shape });
        return { ...replies.created(task, shape), task };
    }

    function read(id, { fault }) {
        const task = tasks.get(id);
        if (!task) return replies.notFound();
        const now = performance.now();
        if (task.polls++ && now - task.polled < options.minPoll * 1000) task.earlyPolls++;
        task.polled = now;
        const age = (Date.now() - Date.parse(task.createdAt)) / 1000;
        if (fault || age < options.notExistFor) return replies.notExistYet();
        return replies.task(task, tasks.view(task));
    }

    function remove(id) {
        const task = tasks.get(id);
        if (!task) return replies.notFound();
        tasks.cancel(task);
        return { status: 204 };
    }

    function slot({ body }) {
        const issues = check(SLOT, body);
        if (issues.length) return invalid(issues);
        const { uri, fields } = assets.slot(body.filename);
        return { status: 200, body: { uploadUrl: storage(), fields, runwayUri: uri } };
    }

    function organization() {
        const names = models.paths.flatMap((path) => models.namesOf(path)).filter((name) =>
            models.paths.some((path) => { const spec = models.find(path, name, provider); return spec && !spec.sunset; }));
        const each = (value) => Object.fromEntries(names.map((name) => [name, value(name)]));
        return {
            status: 200,
            body: {
                creditBalance: options.credits - tasks.spent(),
                tier: {
                    maxMonthlyCreditSpend: 1000000,
                    models: each(() => ({
                        maxConcurrentGenerations: options.concurrent || null, maxDailyGenerations: options.daily || null,
                    })),
                },
                usage: { models: each((name) => ({ dailyGenerations: tasks.today(name) })) },
            },
        };
    }

    async function serve(req, res) {
        const path = req.url.split('?')[0];
        if (req.method === 'GET' && path === '/_ledger') return send(res, { status: 200, body: ledger.view() });
        if (req.method === 'POST' && path === '/_faults') {
            faults.add(parsed(await readBody(req, BODY_MAX)));
            return send(res, { status: 204 });
        }
        if (req.method === 'DELETE') ledger.forbidden.deletes++;
        const place = path.startsWith(`${prefix}/`) && route(req.method, path.slice(prefix.length));
        const request = { askedAt: new Date().toISOString() };
        const answer = (result) => {
            if (result.status >= 400) {
                const { error } = result.body || {};
                ledger.refuse(path, result.status, (error && error.message) || error || '');
            }
            if (result.task) tells(res, result.task);
            send(res, result);
        };
        if (!place) {
            await readBody(req, BODY_MAX);
            return answer(replies.noSuchPath(req.method, path));
        }
        const fault = place.where === 'delete' ? undefined : faults.next(place.where);
        if (fault && fault.early) return req.once('data', () => req.destroy());
        const bytes = await readBody(req, BODY_MAX);
        const here = fault && !KINDS_OF_FAULT_IN_ACT.includes(fault.kind);
        if (here && !fault.accepted) return mishap(res, fault, undefined, refusal);
        let result = credentials(req, request);
        if (!result && req.method === 'POST') {
            if (!bytes) result = refusal(413, 'The request body is too large.');
            else if (!/^application\/json\b/i.test(req.headers['content-type'] || '')) {
                result = refusal(400, 'Content-Type must be application/json.');
            } else {
                request.body = parsed(bytes);
                if (request.body === undefined) result = refusal(400, 'The request body is not valid JSON.');
            }
        }
        result ??= await place.act({ ...request, fault: here ? undefined : fault });
        if (here) return mishap(res, fault, result, refusal);
        return answer(result);
    }

    return (req, res) => {
        serve(req, res).catch((error) => {
            if (!req.destroyed && !res.headersSent) send(res, refusal(500, error.message));
        });
    };
}

module.exports = { create };
