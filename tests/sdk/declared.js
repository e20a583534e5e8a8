// What the SDK declares of the API: its .d.ts files are generated from Runway's
// own description of it. Read here as far as they go: interfaces, literals,
// unions, arrays and maps.
//
//   const { declarations, strange } = require('./declared.js');
//   strange(reply, 'TaskRetrieveResponse.Failed', declarations('resources/tasks.d.ts'))
//
// This file is part of runway_v2v, LGPL 2.1 or later.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const root = path.dirname(require.resolve('@runwayml/sdk'));

// { 'Outer.Inner': { member: { type, optional } }, 'Alias': 'A | B' }
function declarations(file) {
    const text = fs.readFileSync(path.join(root, file), 'utf8').replace(/\/\*[^]*?\*\//g, '');
    const found = {};
    const scopes = [];
    const lines = text.split('\n').map((line) => line.trim()).filter((line) => line);
    for (let i = 0; i < lines.length; i++) {
        const line = lines[i];
        const named = line.match(/^(?:export )?(?:declare )?(namespace|interface) (\w+)(?: extends \w+)? \{$/);
        const alias = line.match(/^export type (\w+) = (.*);$/);
        const member = line.match(/^'?(\w+)'?(\??): (.*);$/);
        const map = line.match(/^'?(\w+)'?(\??): \{$/);
        const within = scopes.map((scope) => scope.name).filter((name) => name).join('.');
        if (named) {
            scopes.push({ name: named[2], kind: named[1] });
            if (named[1] === 'interface') {
                found[scopes.map((scope) => scope.name).join('.')] = {};
            }
        } else if (alias && !scopes.length) {
            found[alias[1]] = alias[2];
        } else if (map && found[within] && /^\[key: string\]: .*;$/.test(lines[i + 1])) {
            found[within][map[1]] = { type: `Map<${lines[i + 1].match(/\]: (.*);$/)[1]}>`, optional: !!map[2] };
            i += 2;
        } else if (/\{$/.test(line)) {
            scopes.push({ name: '', kind: 'other' });
        } else if (/^\}/.test(line)) {
            scopes.pop();
        } else if (member && scopes.length && scopes[scopes.length - 1].kind === 'interface') {
            found[within][member[1]] = { type: member[3], optional: !!member[2] };
        }
    }
    return found;
}

// Where a value is not what a type says, as "path: how"; [] where it is.
function strange(value, type, all, at = '') {
    const here = at || type;
    const wrong = (what) => [`${here}: ${what}`];
    const branches = typeof all[type] === 'string' ? all[type].split(' | ') :
        /^(Array|Map)</.test(type) ? [type] : type.split(' | ');
    if (branches.length > 1) {
        const each = branches.map((branch) => strange(value, branch, all, here));
        // the branch that fits best tells what is wrong
        return each.reduce((best, one) => (one.length < best.length ? one : best));
    }
    if (/^'.*'$/.test(type)) {
        return `'${value}'` === type ? [] : wrong(`is ${JSON.stringify(value)}, not ${type}`);
    }
    if (type === 'null') {
        return value === null ? [] : wrong('is not null');
    }
    if (['string', 'number', 'boolean'].includes(type)) {
        return typeof value === type ? [] : wrong(`is ${JSON.stringify(value)}, not a ${type}`);
    }
    const list = type.match(/^(Array|Map)<(.*)>$/);
    if (list && list[1] === 'Array') {
        return Array.isArray(value) ? value.flatMap((one, i) => strange(one, list[2], all, `${here}[${i}]`)) :
            wrong('is no array');
    }
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
        return wrong('is no object');
    }
    if (list) {
        return Object.entries(value).flatMap(([name, one]) => strange(one, list[2], all, `${here}.${name}`));
    }
    // "Tier.Models" within OrganizationRetrieveResponse is declared there
    const name = Object.keys(all).filter((key) => key === type || key.endsWith(`.${type}`))
        .find((key) => key === type || here.startsWith(key.split('.')[0]));
    if (!name) {
        return wrong(`has a type that is not declared, ${type}`);
    }
    if (typeof all[name] === 'string') {
        return strange(value, name, all, here);
    }
    const members = Object.entries(all[name]);
    return [
        ...members.filter(([member, { optional }]) => !optional && !(member in value))
            .map(([member]) => `${here}.${member}: is missing`),
        ...Object.keys(value).filter((member) => !(member in all[name]))
            .map((member) => `${here}.${member}: is not declared`),
        ...members.filter(([member]) => member in value)
            .flatMap(([member, { type: inner }]) => strange(value[member], inner, all, `${here}.${member}`)),
    ];
}

module.exports = { declarations, strange };
