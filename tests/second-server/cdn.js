// The second port, another origin: results behind signed URLs, and the storage that
// takes uploads. Neither is the API's, and a request that bears a key is refused.
//
//   const cdn = create({ options, assets, tasks, ledger, faults });
//   http.createServer(cdn.serve)
//   cdn.link(origin, task, odd)     a URL for a result, good for options.urlLifetime s
//
// A part of a result can be had by Range, as from an object store.
//
// This file is part of runway_v2v, LGPL 2.1 or later.
'use strict';

const { createHmac, randomBytes } = require('node:crypto');
const fs = require('node:fs');
const { body: readBody, mishap, send } = require('./http');

const UPLOAD_MAX = 210 * 1024 * 1024;
const secret = randomBytes(32);

const sign = (text) => createHmac('sha256', secret).update(text).digest('base64url');
const nameOf = (task, odd) => (odd ? `task ${task.n} – für "später".${task.result.as}` : `task_${task.n}.${task.result.as}`);

function link(origin, task, odd, lifetime) {
    const claim = Buffer.from(JSON.stringify({ n: task.n, odd, exp: Date.now() + lifetime * 1000 })).toString('base64url');
    // odd: characters that have to be percent-encoded, and 8 KiB of it
    const more = odd ? `&scene=über alles [1]|{${'x'.repeat(8000)}}` : '';
    return `${origin}/results/${nameOf(task, odd)}?_jwt=${claim}.${sign(claim)}${more}`;
}

function refusal(status, code) {
    return { status, headers: { 'Content-Type': 'application/xml' }, text: `<?xml version="1.0"?><Error><Code>${code}</Code></Error>` };
}

// The parts of a form: [[name, value, filename]]; undefined where it is none.
function parts(bytes, type) {
    const boundary = /^multipart\/form-data;.*\bboundary="?([^";]+)"?/i.exec(type || '');
    if (!boundary) return undefined;
    const line = Buffer.from(`\r\n--${boundary[1]}`);
    const text = Buffer.concat([Buffer.from('\r\n'), bytes]);
    const list = [];
    let at = text.indexOf(line);
    while (at === 0 || list.length) {
        at += line.length;
        if (text.subarray(at, at + 2).toString() === '--') return list;
        const head = text.indexOf('\r\n\r\n', at);
        const end = text.indexOf(line, head);
        if (head < 0 || end < 0) return undefined;
        const headers = text.subarray(at, head).toString();
        const name = /\bname="([^"]*)"/.exec(headers);
        const filename = /\bfilename="([^"]*)"/.exec(headers);
        const value = text.subarray(head + 4, end);
        if (!name) return undefined;
        list.push([name[1], filename ? value : value.toString(), filename ? filename[1] : undefined]);
        at = end;
    }
    return undefined;
}

function create({ options, assets, tasks, ledger, faults }) {
    // The task whose result a URL is for, or a refusal.
    function wanted(url) {
        const [path, query = ''] = url.split('?');
        const jwt = new URLSearchParams(query).get('_jwt') || '';
        const [claim, signature] = jwt.split('.');
        if (!signature || sign(claim) !== signature) return { refused: refusal(403, 'InvalidToken') };
        const { n, odd, exp } = JSON.parse(Buffer.from(claim, 'base64url'));
        const task = tasks.all[n - 1];
        if (Date.now() > exp) return { refused: refusal(403, 'ExpiredToken') };
        if (decodeURIComponent(path) !== `/results/${nameOf(task, odd)}`) return { refused: refusal(404, 'NoSuchKey') };
        return { task };
    }

    function slowly(res, bytes, rate) {
        let at = 0;
        const step = Math.max(1, Math.round(rate / 20));
        const timer = setInterval(() => {
            if (res.destroyed || at >= bytes.length) {
                clearInterval(timer);
                res.end();
                return;
            }
            res.write(bytes.subarray(at, at += step));
        }, 50);
    }

    function download(req, res) {
        const fault = faults.next('download');
        const inside = fault && ['truncate', 'slow'].includes(fault.kind);
        if (fault && !inside) return mishap(res, fault, undefined, refusal);
        const { task, refused } = wanted(req.url);
        if (refused) return send(res, refused);
        const whole = fs.readFileSync(task.result.file);
        const range = /^bytes=(\d+)-(\d*)$/.exec(req.headers.range || '');
        const from = range ? Number(range[1]) : 0;
        const to = range && range[2] ? Math.min(Number(range[2]), whole.length - 1) : whole.length - 1;
        if (from > to) {
            return send(res, { ...refusal(416, 'InvalidRange'), headers: { 'Content-Range': `bytes */${whole.length}` } });
        }
        const bytes = whole.subarray(from, to + 1);
        res.writeHead(range ? 206 : 200, {
            'Content-Type': task.result.as === 'mov' ? 'video/quicktime' : 'video/mp4', 'Content-Length': bytes.length,
            'Accept-Ranges': 'bytes', ETag: `"${task.n}-${whole.length}"`,
            ...(range ? { 'Content-Range': `bytes ${from}-${to}/${whole.length}` } : {}),
        });
        if (fault && fault.kind === 'slow') return slowly(res, bytes, fault.rate);
        if (fault && fault.bytes < bytes.length) return res.write(bytes.subarray(0, fault.bytes), () => res.destroy());
        return res.end(bytes);
    }

    async function storage(req, res) {
        const fault = faults.next('storage');
        const bytes = await readBody(req, UPLOAD_MAX);
        if (fault) return mishap(res, fault, undefined, refusal);
        const form = bytes && parts(bytes, req.headers['content-type']);
        const wrong = form ? assets.store(form) : 'MalformedPOSTRequest';
        return send(res, wrong ? refusal(wrong === 'EntityTooLarge' ? 413 : 403, wrong) : { status: 204 });
    }

    async function serve(req, res) {
        if (req.headers.authorization !== undefined) {
            ledger.forbidden.cdn_authorization++;
            req.resume();
            return send(res, refusal(400, 'InvalidArgument'));
        }
        const path = req.url.split('?')[0];
        if (req.method === 'GET' && path.startsWith('/results/')) return download(req, res);
        if (req.method === 'POST' && path === '/storage') return storage(req, res);
        req.resume();
        return send(res, refusal(404, 'NoSuchKey'));
    }

    return {
        link: (origin, task, odd) => link(origin, task, odd, options.urlLifetime),
        serve: (req, res) => {
            serve(req, res).catch((error) => {
                if (!req.destroyed && !res.headersSent) send(res, refusal(400, error.message));
            });
        },
    };
}

module.exports = { create };
