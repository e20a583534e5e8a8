// The command line: --name value for each of OPTIONS; --help lists them.
//
//   parse(argv)     { provider, port, ... }; dies with one line where it is wrong
//
// This file is part of runway_v2v, LGPL 2.1 or later.
'use strict';

const fs = require('node:fs');

const OPTIONS = {
    provider: ['cometapi', 'cometapi or runway: paths, models and the shape of answers'],
    port: [0, 'port of the API; 0: any that is free'],
    ready_file: ['', 'the line that says where it listens goes there, not to stdout'],
    ffmpeg: [process.env.FFMPEG || 'ffmpeg', 'makes the results'],
    ffprobe: [process.env.FFPROBE || 'ffprobe', 'looks into the videos that are sent'],
    key: ['', 'the only key that is taken; none: any'],
    queue: [0.2, 'seconds that a task is PENDING'],
    run: [0.5, 'seconds that it is RUNNING, at least'],
    reads: [0, 'how often a task is read before it is over, at least'],
    concurrent: [5, 'tasks of a model that run at once; more are THROTTLED; 0: any number'],
    daily: [0, 'tasks of a model a day; more are refused with 429; 0: any number'],
    credits: [1000000, 'the balance'],
    min_poll: [5, 'seconds between two reads of a task; sooner is counted as too early'],
    not_exist_for: [0, 'seconds after create in which a task does not exist for readers'],
    wrap: ['mixed', 'whether CometAPI wraps its answers: never, always, mixed'],
    bare: [0, '1: no answer tells an estimated cost'],
    skew: [1, 'frames that a result has more than its length asks for'],
    url_lifetime: [86400, 'seconds that the URL of a result is good for'],
    faults: ['[]', 'a JSON list of faults (faults.js), or @FILE'],
    seed: ['', 'draws faults, the same for the same number'],
    severity: [0.3, 'how many requests meet with one, with seed'],
    paid: [0, '1: also faults after which another payment may be right, with seed'],
    idle: [300, 'seconds without a request after which it ends'],
};

function fail(message) {
    process.stderr.write(`${message}\n`);
    process.exit(2);
}

function help() {
    const lines = Object.entries(OPTIONS).map(([name, [value, text]]) =>
        `  --${name.replace(/_/g, '-').padEnd(14)} ${text}${value === '' ? '' : ` (${value})`}`);
    process.stdout.write(`node main.js [--option value]...\n\n${lines.join('\n')}\n`);
    process.exit(0);
}

const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

function parse(argv) {
    const given = {};
    for (let n = 0; n < argv.length; n += 2) {
        if (argv[n] === '--help') help();
        const name = argv[n].replace(/^--/, '').replace(/-/g, '_');
        if (!argv[n].startsWith('--') || !Object.hasOwn(OPTIONS, name)) fail(`no such option: ${argv[n]} (see --help)`);
        if (argv[n + 1] === undefined) fail(`${argv[n]} wants a value`);
        given[name] = argv[n + 1];
    }
    const options = {};
    for (const [name, [value]] of Object.entries(OPTIONS)) {
        const number = typeof value === 'number';
        options[camel(name)] = number ? Number(given[name] ?? value) : given[name] ?? value;
        if (number && !Number.isFinite(options[camel(name)])) fail(`--${name.replace(/_/g, '-')} wants a number`);
    }
    if (!['cometapi', 'runway'].includes(options.provider)) fail('--provider is cometapi or runway');
    if (!['never', 'always', 'mixed'].includes(options.wrap)) fail('--wrap is never, always or mixed');
    try {
        const list = options.faults.startsWith('@') ? fs.readFileSync(options.faults.slice(1), 'utf8') : options.faults;
        options.faults = JSON.parse(list);
    } catch (error) {
        fail(`--faults: ${error.message}`);
    }
    return options;
}

module.exports = { parse };
