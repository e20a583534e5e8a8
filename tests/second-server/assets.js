// The videos that requests name: data URIs and uploads become files.
//
//   const assets = create({ dir, media, lifetime });
//   assets.slot(name)                       { uri, fields }: where an upload may go
//   assets.holds(uri, isImage)              whether there is something behind it
//   assets.store(parts)                     undefined, or what is wrong with the form
//   await assets.open(uri, input)           { file, facts, source } or { refusal }
//
// `input` are the limits of the model (models.js); `source` is what the ledger keeps
// of the video. Nothing is fetched from the net: an https URL of a video is refused
// the way the service refuses one that does not answer.
//
// This file is part of runway_v2v, LGPL 2.1 or later.
'use strict';

const { createHash, randomBytes, randomUUID } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');

const LEAST = 512;
const MOST = 200 * 1024 * 1024;

// How far a container's clock may round a length.
const ROUNDING = 0.005;

function lengthRefusal(facts, input) {
    if (input.min && facts.seconds < input.min - ROUNDING) return `Asset duration must be at least ${input.min} seconds`;
    if (input.max && facts.seconds > input.max + ROUNDING) return `Asset duration must be at most ${input.max} seconds`;
    if (input.fps && facts.fps > input.fps + 0.01) return `Asset frame rate must be at most ${input.fps} frames per second`;
    if (input.side && Math.min(facts.width, facts.height) < input.side) {
        return `Asset must have at least ${input.side} pixels on its shorter side`;
    }
    if (input.long && Math.max(facts.width, facts.height) > input.long) return 'Asset is too large';
    return undefined;
}

function isPicture(bytes) {
    const head = bytes.subarray(0, 12).toString('latin1');
    return head.startsWith('\x89PNG\r\n\x1a\n') || head.startsWith('\xff\xd8\xff') || /^RIFF....WEBP/s.test(head);
}

function create({ dir, media, lifetime = 86400 }) {
    const slots = new Map();        // key => { fields, file, type, until }
    let files = 0;

    function slot(name) {
        const key = `ephemeral/${randomUUID()}/${encodeURIComponent(name)}`;
        const fields = {
            'Content-Type': /\.png$/i.test(name) ? 'image/png' : 'video/mp4',
            bucket: 'ephemeral-uploads', key, policy: randomBytes(60).toString('base64'),
            'x-amz-algorithm': 'AWS4-HMAC-SHA256', 'x-amz-signature': randomBytes(32).toString('hex'),
        };
        const uri = `runway://${Buffer.from(key).toString('base64url')}`;
        slots.set(uri, { fields, until: Date.now() + lifetime * 1000 });
        return { fields, uri };
    }

    // `parts` are [name, value, filename] in their order.
    function store(parts) {
        const given = Object.fromEntries(parts.map(([name, value]) => [name, value]));
        const place = [...slots.values()].find((one) => one.fields.key === String(given.key));
        if (!place) return 'AccessDenied';
        const wanted = Object.keys(place.fields);
        const names = parts.map(([name]) => name).filter((name) => name !== 'metadata');
        if (names.join('\n') !== [...wanted, 'file'].join('\n')) return 'MalformedPOSTRequest';
        if (wanted.some((name) => String(given[name]) !== place.fields[name])) return 'SignatureDoesNotMatch';
        if (parts.at(-1)[2] === undefined) return 'MalformedPOSTRequest';
        if (given.file.length < LEAST) return 'EntityTooSmall';
        if (given.file.length > MOST) return 'EntityTooLarge';
        if (place.file) return 'AccessDenied';      // a slot is for one file
        place.file = path.join(dir, `upload-${++files}`);
        fs.writeFileSync(place.file, given.file);
        return undefined;
    }

    function fileOf(uri) {
        if (uri.startsWith('data:')) {
            const file = path.join(dir, `inline-${++files}`);
            fs.writeFileSync(file, Buffer.from(uri.slice(uri.indexOf(',') + 1), 'base64'));
            return { file, transport: 'inline' };
        }
        if (uri.startsWith('runway://')) {
            const place = slots.get(uri);
            if (!place || !place.file || Date.now() > place.until) return { refusal: 'The upload was not found or has expired' };
            return { file: place.file, transport: 'upload' };
        }
        return { refusal: 'Failed to fetch asset' };
    }

    async function open(uri, input) {
        const { file, transport, refusal } = fileOf(uri);
        if (refusal) return { refusal };
        const facts = await media.probe(file);
        const seen = facts && await media.look(file);
        if (!seen) return { refusal: 'Invalid asset: the video could not be read' };
        const wrong = lengthRefusal(facts, input);
        if (wrong) return { refusal: wrong };
        const bytes = fs.readFileSync(file);
        const sha256 = createHash('sha256').update(bytes).digest('hex');
        return { file, facts, source: { transport, bytes: bytes.length, sha256, ...facts, ...seen } };
    }

    // Whether an image, or another medium, is behind a URI; https is taken at its word.
    function holds(uri, isImage) {
        if (uri.startsWith('https:')) return true;
        const { file, refusal } = fileOf(uri);
        return !refusal && (!isImage || isPicture(fs.readFileSync(file)));
    }

    return { holds, open, slot, store };
}

module.exports = { create };
