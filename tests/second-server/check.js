// Checks a JSON value against a small schema and lists what is wrong with it the
// way the API does: [{ code, message, path }].
//
// A schema is made with the functions below. `object` takes exactly the members
// it names; those in `required` have to be there. Lengths of text are counted in
// UTF-16 code units, as JavaScript does. `asset` is a URI of a medium: its form is
// checked here, what it leads to is the business of assets.js.
//
// This file is part of runway_v2v, LGPL 2.1 or later.
'use strict';

const DATA_URI_MAX = 5242880;       // characters of the whole string
const URL_MAX = 2048;
const DATA_TYPES = {
    video: /^data:video\/(mp4|quicktime|webm|x-matroska|mpeg|3gpp|ogg|x-msvideo|x-flv|mp2t);base64,/,
    image: /^data:image\/(png|jpeg|jpg|webp);base64,/,
    audio: /^data:audio\/[a-z0-9.+-]+;base64,/,
};

const text = (min, max) => ({ kind: 'text', min, max });
const number = (min, max) => ({ kind: 'number', min, max });
const integer = (min, max) => ({ kind: 'integer', min, max });
const boolean = () => ({ kind: 'boolean' });
const oneOf = (...values) => ({ kind: 'oneOf', values });
const list = (item, min, max) => ({ kind: 'list', item, min, max });
const object = (members, ...required) => ({ kind: 'object', members, required });
const either = (...schemas) => ({ kind: 'either', schemas });
const asset = (medium) => ({ kind: 'asset', medium });

function issue(code, message, path) {
    return { code, message, path };
}

function typeOf(value) {
    if (value === null) return 'null';
    return Array.isArray(value) ? 'array' : typeof value;
}

function wrongType(wanted, value, path) {
    const given = value === undefined ? 'undefined' : typeOf(value);
    return [issue('invalid_type', given === 'undefined' ? 'Required' : `Expected ${wanted}, received ${given}`, path)];
}

function isBase64(string, from) {
    const length = string.length - from;
    if (length === 0 || length % 4) return false;
    return /^[A-Za-z0-9+/]+={0,2}$/.test(string.slice(from));
}

function isHostName(host) {
    return !/^\[|^[0-9.]+$/.test(host) && host.includes('.');
}

function checkAsset(schema, value, path) {
    if (typeof value !== 'string') return wrongType('string', value, path);
    const bad = (message) => [issue('custom', message, path)];
    if (value.startsWith('data:')) {
        if (value.length > DATA_URI_MAX) {
            return [issue('too_big', `String must contain at most ${DATA_URI_MAX} character(s)`, path)];
        }
        const head = DATA_TYPES[schema.medium].exec(value.slice(0, 100));
        if (!head) return bad(`Invalid data URI: expected ${schema.medium} in base64`);
        return isBase64(value, head[0].length) ? [] : bad('Invalid data URI: not base64');
    }
    if (value.startsWith('runway://')) {
        return /^runway:\/\/[A-Za-z0-9_.\-/=]+$/.test(value) ? [] : bad('Invalid upload URI');
    }
    if (value.length > URL_MAX) return [issue('too_big', `String must contain at most ${URL_MAX} character(s)`, path)];
    let url;
    try { url = new URL(value); } catch { return bad('Invalid URL'); }
    if (url.protocol !== 'https:') return bad('Only HTTPS URLs are allowed');
    return isHostName(url.hostname) ? [] : bad('Only domain names are allowed in URLs');
}

function checkNumber(schema, value, path) {
    if (typeof value !== 'number') return wrongType('number', value, path);
    if (schema.kind === 'integer' && !Number.isInteger(value)) {
        return [issue('invalid_type', 'Expected integer, received float', path)];
    }
    if (value < schema.min) return [issue('too_small', `Number must be greater than or equal to ${schema.min}`, path)];
    if (value > schema.max) return [issue('too_big', `Number must be less than or equal to ${schema.max}`, path)];
    return [];
}

function checkText(schema, value, path) {
    if (typeof value !== 'string') return wrongType('string', value, path);
    if (value.length < schema.min) {
        return [issue('too_small', `String must contain at least ${schema.min} character(s)`, path)];
    }
    if (value.length > schema.max) {
        return [issue('too_big', `String must contain at most ${schema.max} character(s)`, path)];
    }
    return [];
}

function checkList(schema, value, path) {
    if (!Array.isArray(value)) return wrongType('array', value, path);
    if (value.length < schema.min) return [issue('too_small', `Array must contain at least ${schema.min} element(s)`, path)];
    if (value.length > schema.max) return [issue('too_big', `Array must contain at most ${schema.max} element(s)`, path)];
    return value.flatMap((item, n) => check(schema.item, item, [...path, n]));
}

function checkObject(schema, value, path) {
    if (typeOf(value) !== 'object') return wrongType('object', value, path);
    const issues = [];
    const unknown = Object.keys(value).filter((key) => !Object.hasOwn(schema.members, key));
    if (unknown.length) {
        const names = unknown.map((key) => `'${key}'`).join(', ');
        issues.push({ ...issue('unrecognized_keys', `Unrecognized key(s) in object: ${names}`, path), keys: unknown });
    }
    for (const [key, member] of Object.entries(schema.members)) {
        if (Object.hasOwn(value, key)) {
            issues.push(...check(member, value[key], [...path, key]));
        } else if (schema.required.includes(key)) {
            issues.push(...wrongType('', undefined, [...path, key]));
        }
    }
    return issues;
}

function check(schema, value, path = []) {
    switch (schema.kind) {
    case 'text': return checkText(schema, value, path);
    case 'number':
    case 'integer': return checkNumber(schema, value, path);
    case 'boolean': return typeof value === 'boolean' ? [] : wrongType('boolean', value, path);
    case 'oneOf':
        if (schema.values.includes(value)) return [];
        return [issue('invalid_enum_value', `Invalid enum value. Expected ${
            schema.values.map((v) => `'${v}'`).join(' | ')}, received '${value}'`, path)];
    case 'list': return checkList(schema, value, path);
    case 'object': return checkObject(schema, value, path);
    case 'either': {
        const results = schema.schemas.map((one) => check(one, value, path));
        return results.find((issues) => !issues.length) || results[0];
    }
    case 'asset': return checkAsset(schema, value, path);
    default: throw new Error(`no such schema: ${schema.kind}`);
    }
}

module.exports = { asset, boolean, check, DATA_URI_MAX, either, integer, issue, list, number, object, oneOf, text };
