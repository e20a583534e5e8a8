// A second server of Runway's API, beside the simulator and of another make, on
// loopback: node main.js --help, and docs/second-server.md.
//
// When it listens it writes one line of JSON, { port, cdn_port, base_url, provider,
// pid, seed, faults }, to stdout or to --ready-file. It ends with SIGTERM or SIGINT,
// and by itself when nobody has asked anything for --idle seconds.
//
// This file is part of runway_v2v, LGPL 2.1 or later.
'use strict';

const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');

const api = require('./api');
const assets = require('./assets');
const cdn = require('./cdn');
const faults = require('./faults');
const ledger = require('./ledger');
const media = require('./media');
const { parse } = require('./options');
const replies = require('./replies');
const tasks = require('./tasks');

function listen(server, port) {
    return new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, '127.0.0.1', () => resolve(server.address().port));
    });
}

async function main() {
    const options = parse(process.argv.slice(2));
    const { provider } = options;
    const seed = options.seed === '' ? null : Number(options.seed);
    const drawn = seed === null ? [] : faults.draw(seed, { provider, severity: options.severity, paid: Boolean(options.paid) });
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'second-server-'));
    let origin;         // of the CDN

    const parts = { options, provider, dir, seed };
    parts.faults = faults.create([...options.faults, ...drawn]);
    parts.media = media.create(options);
    parts.assets = assets.create(parts);
    parts.replies = replies.create(provider, options);
    parts.tasks = tasks.create({ ...parts, link: (task, odd) => second.link(origin, task, odd) });
    parts.ledger = ledger.create(parts);
    parts.storage = () => `${origin}/storage`;
    const second = cdn.create(parts);

    let asked = Date.now();
    const noting = (serve) => (req, res) => { asked = Date.now(); serve(req, res); };
    const servers = [http.createServer(noting(api.create(parts))), http.createServer(noting(second.serve))];

    const end = (status) => {
        parts.media.stop();
        fs.rmSync(dir, { recursive: true, force: true });
        process.exit(status);
    };
    process.on('SIGTERM', () => end(0));
    process.on('SIGINT', () => end(0));
    setInterval(() => { if (Date.now() - asked > options.idle * 1000) end(0); }, 500);

    const [port, cdnPort] = [await listen(servers[0], options.port), await listen(servers[1], 0)];
    origin = `http://127.0.0.1:${cdnPort}`;
    const ready = `${JSON.stringify({
        port, cdn_port: cdnPort, base_url: `http://127.0.0.1:${port}${provider === 'cometapi' ? '/runwayml' : ''}`,
        provider, pid: process.pid, seed, faults: drawn,
    })}\n`;
    if (!options.readyFile) {
        process.stdout.write(ready);
        return;
    }
    // in one piece for whoever waits for it
    fs.writeFileSync(`${options.readyFile}.new`, ready);
    fs.renameSync(`${options.readyFile}.new`, options.readyFile);
}

main().catch((error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
});
