// Runway's own Node SDK against the simulator. It asserts nothing: it does what
// a user of the SDK does and prints what came of it as JSON, one member for each
// scene, for tests/e2e/sdk.t to look at.
//
//   node judge.js config.json
//
// The config has the simulators' URLs by what they are good for, the good key,
// a clip and a picture. Every reply is held against what the SDK declares.
//
// This file is part of runway_v2v, LGPL 2.1 or later.
'use strict';

const fs = require('node:fs');
const RunwayML = require('@runwayml/sdk');
const { declarations, strange } = require('./declared.js');

// The SDK's uploads want it as a global, which it is from Node 20 on.
globalThis.File ??= require('node:buffer').File;

const config = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const video = `data:video/mp4;base64,${fs.readFileSync(config.clip, 'base64')}`;
const picture = `data:image/png;base64,${fs.readFileSync(config.picture, 'base64')}`;

const types = {
    create: [declarations('resources/video-to-video.d.ts'), 'VideoToVideoCreateResponse'],
    task: [declarations('resources/tasks.d.ts'), 'TaskRetrieveResponse'],
    organization: [declarations('resources/organization/organization.d.ts'), 'OrganizationRetrieveResponse'],
};
const oddities = new Set();

// Holds a reply against its declaration, and hands it on.
function judged(kind, reply) {
    const [all, type] = types[kind];
    for (const text of strange(reply, type, all)) {
        oddities.add(text.replace(/\[\d+\]/g, '[]'));
    }
    return reply;
}

function clientOf(simulator, more = {}) {
    const client = new RunwayML({ apiKey: config.key, baseURL: config[simulator], maxRetries: 0, logLevel: 'off', ...more });
    if (simulator === 'gateway') {
        return client;  // it has no costs, and its errors are objects
    }
    const retrieve = client.tasks.retrieve.bind(client.tasks);
    // waitForTaskOutput() reads through this one as well
    client.tasks.retrieve = (...args) => {
        const promise = retrieve(...args);
        promise.then((task) => judged('task', task), () => {});
        return promise;
    };
    return client;
}

const aleph2 = (more = {}) => ({ model: 'aleph2', videoUri: video, promptText: 'negative', ...more });

// What was thrown, as far as a user of the SDK looks at it.
async function thrown(promise) {
    try {
        return { resolved: (await promise) ?? null };
    } catch (error) {
        return {
            class: error.constructor.name,
            isAPIError: error instanceof RunwayML.APIError,
            message: error.message,
            status: error.status ?? null,
            body: error.error ?? null,
            task: error.taskDetails ?? null,
        };
    }
}

async function download(url) {
    const reply = await fetch(url);
    const bytes = Buffer.from(await reply.arrayBuffer());
    return { status: reply.status, type: reply.headers.get('content-type'), bytes: bytes.length,
        head: bytes.subarray(0, 12).toString('latin1') };
}

async function make(client, body) {
    const creation = client.videoToVideo.create(body);
    const created = judged('create', await creation);
    const task = await creation.waitForTaskOutput({ timeout: 300e3 });
    return { created, task, file: await download(task.output[0]) };
}

// What is played when nothing is said; the environment is a scene of its own.
const scenes = {
    aleph2: () => make(clientOf('main'), aleph2({ seed: 7, contentModeration: { publicFigureThreshold: 'low' },
        keyframes: [{ seconds: 0.5, uri: picture }, { at: 1, uri: picture }] })),

    gen4_aleph: async () => {
        // the gateway speaks the same, but for the cost
        const client = clientOf('gateway');
        const creation = client.videoToVideo.create({ model: 'gen4_aleph', videoUri: video, promptText: 'negative',
            ratio: '640:480', seed: 7, references: [{ type: 'image', uri: picture }] });
        const task = await creation.waitForTaskOutput();
        return { task, file: await download(task.output[0]) };
    },

    promptVideo: () => make(clientOf('main'), { model: 'seedance2', promptVideo: video, promptText: 'snow', duration: 4,
        references: [{ uri: picture }] }),

    prores: () => make(clientOf('main'), aleph2({ outputFormat: 'prores', proresProfile: '422 HQ' })),

    png_sequence: () => make(clientOf('main'), aleph2({ outputFormat: 'png_sequence' })),

    failed: async () => thrown(clientOf('main').videoToVideo.create(aleph2({ promptText: 'fail SAFETY.INPUT.TEXT' }))
        .waitForTaskOutput()),

    failed_without_a_code: async () => thrown(clientOf('main').videoToVideo.create(aleph2({ promptText: 'fail NONE' }))
        .waitForTaskOutput()),

    cancelled: async () => thrown(clientOf('main').videoToVideo.create(aleph2({ promptText: 'fail CANCELLED' }))
        .waitForTaskOutput()),

    throttled: async () => {
        const client = clientOf('busy');
        const first = client.videoToVideo.create(aleph2());
        const one = await first;
        const second = client.videoToVideo.create(aleph2({ seed: 2 }));
        const two = await second;
        const states = [(await client.tasks.retrieve(one.id)).status, (await client.tasks.retrieve(two.id)).status];
        const ends = await Promise.all([first.waitForTaskOutput(), second.waitForTaskOutput()]);
        return { states, ends: ends.map((task) => task.status) };
    },

    delete_running: async () => {
        const client = clientOf('slow');
        const { id } = await client.videoToVideo.create(aleph2());
        const before = (await client.tasks.retrieve(id)).status;
        const deleted = await thrown(client.tasks.delete(id));
        return { before, deleted, after: await thrown(client.tasks.retrieve(id)) };
    },

    delete_done: async () => {
        const client = clientOf('main');
        const creation = client.videoToVideo.create(aleph2({ seed: 3 }));
        const task = await creation.waitForTaskOutput();
        const deleted = await thrown(client.tasks.delete(task.id));
        return { deleted, after: await thrown(client.tasks.retrieve(task.id)), file: await download(task.output[0]) };
    },

    upload: async () => {
        const client = clientOf('main');
        const stream = await client.uploads.createEphemeral({ file: fs.createReadStream(config.clip) });
        const bytes = await client.uploads.createEphemeral({
            file: await RunwayML.toFile(fs.readFileSync(config.picture), 'a picture.png'),
        });
        const made = await make(client, aleph2({ videoUri: stream.uri, keyframes: [{ seconds: 0, uri: bytes.uri }] }));
        const small = await thrown(client.uploads.createEphemeral({ file: await RunwayML.toFile('tiny', 'x.mp4') }));
        return { stream, bytes, made, small };
    },

    organization: async () => judged('organization', await clientOf('daily').organization.retrieve()),

    wrong_key: async () => thrown(clientOf('main', { apiKey: 'another' }).organization.retrieve()),
    wrong_task: async () => thrown(clientOf('main').tasks.retrieve('17f20503-6c24-4c16-946b-35dbbce2af2f')),
    wrong_task_at_the_gateway: async () => thrown(clientOf('gateway').tasks.retrieve('17f20503-6c24-4c16-946b-35dbbce2af2f')),
    wrong_path: async () => thrown(clientOf('main').get('/v1/video_to_vidoe')),
    wrong_body: async () => thrown(clientOf('main').videoToVideo.create(aleph2({ seed: -5, colour: 'red' }))),
    wrong_body_at_the_gateway: async () => thrown(clientOf('gateway').videoToVideo.create({ model: 'gen4_aleph',
        videoUri: video, promptText: 'x', ratio: '1:1' })),
    sunset: async () => thrown(clientOf('main').videoToVideo.create({ model: 'gen4_aleph', videoUri: video, promptText: 'x',
        ratio: '1280:720' })),
    wrong_version: async () => thrown(clientOf('main', { runwayVersion: '2020-01-01' }).organization.retrieve()),
    too_large: async () => thrown(clientOf('main').videoToVideo.create(aleph2({
        videoUri: `data:video/mp4;base64,${'A'.repeat(6 << 20)}` }))),
    daily_limit: async () => {
        const client = clientOf('daily');
        await client.videoToVideo.create(aleph2());
        return thrown(client.videoToVideo.create(aleph2({ seed: 2 })));
    },

    // what the SDK does by itself: a 429 on create and a 502 on read are got over
    retries: async () => {
        const client = clientOf('flaky', { maxRetries: 2 });
        const creation = client.videoToVideo.create(aleph2());
        const task = await creation.waitForTaskOutput();
        return { status: task.status };
    },
    // and what it costs where the answer was lost: the SDK sends again
    lost_answer: async () => {
        const once = await thrown(clientOf('lost').videoToVideo.create(aleph2()));
        const again = await clientOf('lost', { maxRetries: 1 }).videoToVideo.create(aleph2());
        return { once, again: !!again.id };
    },
    server_error: async () => thrown(clientOf('broken').organization.retrieve()),
    web_page: async () => thrown(clientOf('gateway').get('/v1/nothing/here')),
    timeout: async () => thrown(clientOf('broken').tasks.retrieve('17f20503-6c24-4c16-946b-35dbbce2af2f', { timeout: 300 })),

    // base URL, key and headers from the environment, in which sdk.t has put them
    environment: async () => {
        const client = new RunwayML({ maxRetries: 0 });
        await client.organization.retrieve();
        return { baseURL: client.baseURL };
    },

    models: () => models(clientOf('main')),
};

// --- the declared members of each model ---------------------------------------

const [bodies] = types.create;
const branchesOf = (type) => (type.startsWith('Array<') ? [type] : type.split(' | '));

// A value of a type, of required members only.
function sample(type) {
    if (type.startsWith("'")) {
        return type.split(' | ')[0].slice(1, -1);
    }
    const array = type.match(/^Array<(.*)>$/);
    if (array) {
        return [sample(array[1].split(' | ')[0])];
    }
    const simple = { string: 'x', number: 5, boolean: true }[type];
    if (simple !== undefined) {
        return simple;
    }
    const members = Object.entries(bodies[`VideoToVideoCreateParams.${type}`]).filter(([, { optional }]) => !optional);
    return Object.fromEntries(members.map(([name, { type: inner }]) =>
        [name, name === 'uri' ? 'https://a.example/picture.png' : sample(inner)]));
}

// Every member and every literal has to be taken, anything else refused. The
// source is no source, so that nothing is ever made of it.
async function models(client) {
    const found = { models: {}, wrong: [] };
    const issues = async (body) => {
        const error = await thrown(client.videoToVideo.create(body));
        return (error.body?.issues ?? [{ path: [], message: JSON.stringify(error) }])
            .map(({ path, message }) => `${path.join('.')}: ${message}`);
    };
    const about = (list, name) => list.filter((text) => new RegExp(`^${name}[.:]|"${name}"`).test(text));
    for (const [key, members] of Object.entries(bodies)) {
        const model = members.model?.type.slice(1, -1);
        if (!model) {
            continue;
        }
        const source = 'videoUri' in members ? 'videoUri' : 'promptVideo';
        const body = Object.fromEntries(Object.entries(members).filter(([, { optional }]) => !optional)
            .map(([name, { type }]) => [name, sample(type)]));
        body.model = model;
        body[source] = 'no source';
        found.models[model] = Object.keys(members).sort();
        const expect = async (name, value, good, more = {}) => {
            const list = about(await issues({ ...body, ...more, [name]: value }), name);
            if (good ? list.length : !list.length) {
                found.wrong.push(`${model}: ${name}=${JSON.stringify(value)} is ${good ? `refused: ${list}` : 'taken'}`);
            }
        };
        for (const [name, { type, optional }] of Object.entries(members)) {
            // what goes together, as the comments say
            const more = name === 'proresProfile' ? { outputFormat: 'prores' } :
                name === 'mode' ? { promptText: 'x', duration: 'auto' } : {};
            if (name === source) {
                await expect(name, undefined, false);
                await expect(name, 5, false);
                continue;
            }
            if (!optional) {
                await expect(name, undefined, false);
            }
            const others = branchesOf(type).filter((one) => !one.startsWith("'"));
            const literals = branchesOf(type).filter((one) => one.startsWith("'"));
            for (const literal of literals) {
                await expect(name, literal.slice(1, -1), true, more);
            }
            for (const other of others) {
                await expect(name, sample(other), true, more);
            }
            await expect(name, literals.length ? 'nonsense' : type === 'string' ? 5 : 'nonsense', false, more);
        }
        await expect('invented', 1, false);
    }
    return found;
}

(async () => {
    const wanted = config.scenes ?? Object.keys(scenes).filter((name) => name !== 'environment');
    const results = await Promise.all(wanted.map((name) => scenes[name]().catch((error) => ({ uncaught: String(error.stack) }))));
    const all = Object.fromEntries(wanted.map((name, i) => [name, results[i]]));
    process.stdout.write(JSON.stringify({ node: process.version, oddities: [...oddities], scenes: all }));
})();
