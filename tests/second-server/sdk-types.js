// Compares the bodies in models.js with the types of Runway's SDK: node
// sdk-types.js SDK_DIR prints one line for each thing that differs.
//
// Looked at are the members of each model's body, which of them are required, and
// the values of those that are one of several strings. gen4_aleph and upscale_v1
// are not in the SDK any more.
//
// This file is part of runway_v2v, LGPL 2.1 or later.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const models = require('./models');

const GONE = ['gen4_aleph', 'upscale_v1'];
const FILES = {
    '/v1/video_to_video': 'video-to-video', '/v1/video_to_hdr': 'video-to-hdr', '/v1/video_upscale': 'video-upscale',
};

// { model: { member: { required, values } } } of a file of types.
function declared(file) {
    const text = fs.readFileSync(file, 'utf8').replace(/\/\*\*.*?\*\//gs, '');
    const found = {};
    for (const [, indent, block] of text.matchAll(/^( *)(?:export )?interface \w+ \{\n(.*?)^\1\}/gms)) {
        const members = {};
        for (const line of block.split('\n')) {
            const [, name, optional, type] = new RegExp(`^${indent} {4}(\\w+)(\\?)?: (.*);$`).exec(line) || [];
            if (!name) continue;
            const values = type.split(' | ');
            members[name] = {
                required: !optional,
                values: values.every((v) => /^'.*'$/.test(v)) ? values.map((v) => v.slice(1, -1)).sort() : undefined,
            };
        }
        if (members.model && members.model.values) found[members.model.values[0]] = members;
    }
    return found;
}

function differences(model, ours, theirs) {
    const list = [];
    const say = (text) => list.push(`${model}: ${text}`);
    for (const name of new Set([...Object.keys(ours.members), ...Object.keys(theirs)])) {
        const [our, their] = [ours.members[name], theirs[name]];
        if (!our) say(`${name} is not known here`);
        else if (!their) say(`${name} is not in the SDK`);
        else {
            if (ours.required.includes(name) !== their.required) say(`${name} is ${their.required ? '' : 'not '}required in the SDK`);
            const values = our.kind === 'oneOf' ? [...our.values].sort() : undefined;
            if (String(values) !== String(their.values)) say(`${name} is ${values} here, ${their.values} in the SDK`);
        }
    }
    return list;
}

const sdk = process.argv[2];
let compared = 0;
for (const [url, name] of Object.entries(FILES)) {
    const types = declared(path.join(sdk, 'resources', `${name}.d.ts`));
    const ours = models.namesOf(url).filter((model) => !GONE.includes(model));
    for (const model of new Set([...Object.keys(types), ...ours])) {
        const spec = models.find(url, model, 'runway');
        if (!spec) console.log(`${model} is not known here`);
        else if (!types[model]) console.log(`${model} is not in the SDK`);
        else differences(model, spec.body, types[model]).forEach((line) => console.log(line));
        compared++;
    }
}
console.log(`${compared} models compared`);
