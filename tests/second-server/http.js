// What both ports share of HTTP: bodies in, answers out, and answers that go wrong.
//
//   await body(req, most)              a Buffer; undefined when it is larger than that
//   send(res, { status, body, text, headers })
//   tells(res, task)                   this answer names the task
//   mishap(res, fault, result, refusal)   answers as a fault of faults.js says; result is
//                                      what the answer would have been, if acted on
//
// This file is part of runway_v2v, LGPL 2.1 or later.
'use strict';

const { page } = require('./replies');

function body(req, most) {
    return new Promise((resolve, reject) => {
        const chunks = [];
        let length = 0;
        req.on('data', (chunk) => {
            length += chunk.length;
            if (length <= most) chunks.push(chunk);
        });
        req.on('end', () => resolve(length <= most ? Buffer.concat(chunks) : undefined));
        req.on('error', reject);
        req.on('aborted', () => reject(new Error('the client went away')));
    });
}

function encoded({ body: json, text }) {
    return Buffer.from(text ?? (json === undefined ? '' : JSON.stringify(json)));
}

function send(res, result) {
    const bytes = encoded(result);
    const type = result.text === undefined ? 'application/json; charset=utf-8' : 'text/html; charset=utf-8';
    res.writeHead(result.status, {
        ...(bytes.length ? { 'Content-Type': type } : {}),
        ...(result.status === 204 ? {} : { 'Content-Length': bytes.length }), ...result.headers,
    });
    res.end(bytes);
}

const TITLES = {
    403: 'Forbidden', 408: 'Request Timeout', 409: 'Conflict', 429: 'Too Many Requests', 499: 'Client Closed Request',
    500: 'Internal Server Error', 502: 'Bad Gateway', 503: 'Service Unavailable', 504: 'Gateway Time-out', 524: 'A timeout occurred',
};

// From when on a client may know of the task.
function tells(res, task) {
    res.on('finish', () => { task.reported ??= new Date().toISOString(); });
}

function answer(res, fault, result, refusal) {
    const headers = fault.retry_after === undefined ? {} : { 'Retry-After': String(fault.retry_after) };
    const title = `${fault.status} ${TITLES[fault.status] || 'Error'}`;
    if (fault.body !== 'json') {
        send(res, { status: fault.status, headers, text: page(title, 'The edge could not serve this request.') });
        return;
    }
    const named = fault.id && result && result.task ? { id: result.task.id } : {};
    if (result && result.task && fault.id) tells(res, result.task);
    send(res, { status: fault.status, headers, body: { ...refusal(fault.status, title).body, ...named } });
}

function half(res, result) {
    const bytes = encoded(result);
    res.writeHead(result.status, { 'Content-Type': 'application/json', 'Content-Length': bytes.length });
    res.write(bytes.subarray(0, bytes.length >> 1), () => res.destroy());
}

function mishap(res, fault, result, refusal) {
    switch (fault.kind) {
    case 'answer': answer(res, fault, result, refusal); break;
    case 'page':
        send(res, { status: 200, text: page('Welcome', 'Please accept the terms of use to go online.') });
        break;
    case 'stall': setTimeout(() => res.destroy(), fault.seconds * 1000).unref(); break;
    default:
        if (fault.reply && result) half(res, result);
        else res.destroy();
    }
}

module.exports = { body, mishap, send, tells };
