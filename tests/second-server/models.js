// What each model takes, what it costs and what comes out of it.
//
// The members of the bodies are those of Runway's SDK 4.20.1
// (resources/video-to-video.d.ts, video-to-hdr.d.ts, video-upscale.d.ts); that of
// gen4_aleph, which the SDK no longer has, is the body on CometAPI's page. Limits,
// prices and sizes are what Runway's openapi.json says and what clients have seen.
//
// models.find(path, name, provider) returns undefined, { sunset } or
//
//   body       schema of the whole body (check.js)
//   source     the member that holds the video
//   rules      (body) => issues that a schema cannot express
//   input      { min, max, fps, side, clip }: seconds, frames per second, least short
//              side; what lies behind `clip` seconds is ignored
//   price      (facts, body) => { rate, least, seconds, most }: credits per second, the
//              seconds that are billed, and the credits that are billed up front
//   output     (facts, body) => { width, height, rate, seconds, format, exact, audio }
//
// facts are those of media.js: { width, height, fps, seconds, frames, audio }.
//
// This file is part of runway_v2v, LGPL 2.1 or later.
'use strict';

const { asset, boolean, either, integer, issue, list, number, object, oneOf, text } = require('./check');

const RATE = 24;
const SEED = integer(0, 4294967295);
const MODERATION = object({ publicFigureThreshold: oneOf('auto', 'low') });
const LENGTH = (min, max) => either(number(min, max), oneOf('auto'));
const IMAGE = object({ uri: asset('image') }, 'uri');
const TYPED = (type) => object({ type: oneOf(type), uri: asset(type) }, 'type', 'uri');

const SD = ['992:432', '864:496', '752:560', '640:640', '560:752', '496:864'];
const HD = ['1470:630', '1280:720', '1112:834', '960:960', '834:1112', '720:1280'];
const FULL_HD = ['2206:946', '1920:1080', '1664:1248', '1440:1440', '1248:1664', '1080:1920'];
const UHD = ['3840:1646', '3840:2160', '3840:2880', '3840:3840', '2880:3840', '2160:3840'];
const SD_OF_2_5 = ['992:432', '854:480', '752:560', '640:640', '560:752', '480:854'];
const ALEPH = ['1280:720', '720:1280', '1104:832', '960:960', '832:1104', '1584:672', '848:480', '640:480'];
const OMNI = ['640:360', '360:640', '1280:720', '720:1280', '1920:1080', '1080:1920', '3840:2160', '2160:3840'];

const floor16 = (n) => Math.max(16, Math.floor(n / 16) * 16);
const even = (n) => Math.max(2, Math.round(n / 2) * 2);
const megapixels = (facts) => facts.width * facts.height / 1e6;
const least = (values, best) => values.reduce((a, b) => (best(b) < best(a) ? b : a));

function sizeOf(ratio) {
    const [width, height] = ratio.split(':').map(Number);
    return { width: even(width), height: even(height) };
}

// The size of a ratio such as 16:9 that is about as large as the input.
function expanded(facts, aspect) {
    const [w, h] = aspect.split(':').map(Number);
    const height = Math.max(facts.height, facts.width * h / w);
    return { width: floor16(height * w / h), height: floor16(height) };
}

function nearest(facts, ratios) {
    const shape = Math.log(facts.width / facts.height);
    return least(ratios, (ratio) => {
        const { width, height } = sizeOf(ratio);
        return Math.abs(Math.log(width / height) - shape);
    });
}

function chosenLength(facts, body, min, max) {
    if (typeof body.duration === 'number') return body.duration;
    return Math.min(Math.max(facts.seconds, min), max);
}

function keyframeRules(body) {
    const frames = body.keyframes || [];
    const issues = [];
    const ranged = frames.filter((k) => k.range !== undefined).length;
    if (ranged && ranged !== frames.length) {
        issues.push(issue('custom', 'Either all keyframes have a range or none has', ['keyframes']));
    }
    frames.forEach((k, n) => {
        if (!k.range) return;
        const { start_seconds: start, end_seconds: end } = k.range;
        if (end <= start) issues.push(issue('custom', 'The range is empty', ['keyframes', n, 'range']));
        else if (k.seconds !== undefined && (k.seconds < start || k.seconds >= end)) {
            issues.push(issue('custom', 'The keyframe is outside its range', ['keyframes', n, 'seconds']));
        }
    });
    return issues;
}

function proresRule(wanted) {
    return (body) => (body.proresProfile !== undefined && body.outputFormat !== wanted
        ? [issue('custom', `proresProfile is only valid when outputFormat is ${wanted}`, ['proresProfile'])] : []);
}

const RANGE = object({ start_seconds: integer(0, 30), end_seconds: integer(0, 30) }, 'start_seconds', 'end_seconds');
const KEYFRAME = either(
    object({ seconds: number(0, 30), uri: asset('image'), range: RANGE }, 'seconds', 'uri'),
    object({ at: number(0, 1), uri: asset('image'), range: RANGE }, 'at', 'uri'));

const gen4Aleph = {
    source: 'videoUri',
    body: object({
        model: oneOf('gen4_aleph'), videoUri: asset('video'), promptText: text(1, 1000), seed: SEED,
        ratio: oneOf(...ALEPH), references: list(TYPED('image'), 0, 1), contentModeration: MODERATION,
    }, 'model', 'videoUri', 'promptText', 'ratio'),
    input: { min: 1, clip: 5 },
    price: (facts) => ({ rate: 15, seconds: Math.min(facts.seconds, 5) }),
    output: (facts, body) => ({ ...sizeOf(body.ratio), rate: RATE, seconds: Math.min(facts.seconds, 5) }),
};

const aleph2Surcharge = (facts, body) => {
    if (body.outputFormat === 'sdr_rec709_10bit') return megapixels(facts) > 4 ? 40 : 20;
    return ['prores', 'png_sequence'].includes(body.outputFormat) ? 5 : 0;
};

const aleph2 = {
    source: 'videoUri',
    body: object({
        model: oneOf('aleph2'), videoUri: asset('video'), promptText: text(1, 1000), seed: SEED,
        contentModeration: MODERATION, keyframes: list(KEYFRAME, 1, 5),
        targetAspectRatio: oneOf('16:9', '4:3', '3:2', '1:1', '2:3', '3:4', '9:16', '21:9'),
        outputFormat: oneOf('mp4', 'prores', 'png_sequence', 'sdr_rec709_10bit'),
        proresProfile: oneOf('422', '4444', '422 Proxy', '422 LT', '422 HQ', '4444 XQ'),
        ratio: text(0, 100),
    }, 'model', 'videoUri'),
    rules: (body) => [...keyframeRules(body), ...proresRule('prores')(body)],
    input: { min: 2, max: 30, fps: 30 },
    price: (facts, body) => ({ rate: 28 + aleph2Surcharge(facts, body), least: 56, seconds: facts.seconds }),
    output: (facts, body) => ({
        ...(body.targetAspectRatio ? expanded(facts, body.targetAspectRatio)
            : { width: floor16(facts.width), height: floor16(facts.height) }),
        rate: RATE, seconds: facts.seconds, format: body.outputFormat,
    }),
};

const omni720 = (facts) => sizeOf(facts.width >= facts.height ? '1280:720' : '720:1280');

const omniFlash = {
    source: 'videoUri',
    body: object({
        model: oneOf('gemini_omni_flash'), promptText: text(1, 4000), videoUri: asset('video'),
        references: list(IMAGE, 0, 5),
    }, 'model', 'promptText', 'videoUri'),
    input: { max: 10 },
    price: (facts) => ({ rate: 10, seconds: facts.seconds }),
    output: (facts) => ({ ...omni720(facts), rate: RATE, seconds: facts.seconds }),
};

const OMNI_RATE = { 360: 3.4, 720: 10, 1080: 15, 2160: 30 };

const omniFlash11 = {
    source: 'videoUri',
    body: object({
        model: oneOf('gemini_omni_flash_1.1'), promptText: text(1, 4000), videoUri: asset('video'),
        duration: LENGTH(1, 10), mode: oneOf('reference', 'extend', 'edit'), ratio: oneOf(...OMNI),
        references: list(IMAGE, 0, 5),
    }, 'model', 'promptText', 'videoUri'),
    input: { max: 10 },
    price: (facts, body) => {
        const { width, height } = body.ratio ? sizeOf(body.ratio) : omni720(facts);
        return { rate: OMNI_RATE[Math.min(width, height)], seconds: chosenLength(facts, body, 1, 10) };
    },
    output: (facts, body) => ({
        ...(body.ratio ? sizeOf(body.ratio) : omni720(facts)), rate: RATE, seconds: chosenLength(facts, body, 1, 10),
    }),
};

// seedance2, _fast and _mini: a new video for which the input is a reference.
function seedance2(name, ratios, rateOf, leastCredits) {
    return {
        source: 'promptVideo',
        body: object({
            model: oneOf(name), promptVideo: asset('video'), promptText: text(1, 3500), audio: boolean(),
            duration: LENGTH(4, 15), ratio: oneOf(...ratios), references: list(IMAGE, 0, 9),
            referenceVideos: list(TYPED('video'), 0, 3), referenceAudio: list(TYPED('audio'), 0, 3), seed: SEED,
        }, 'model', 'promptVideo'),
        input: { max: 15 },
        price: (facts, body) => ({
            rate: rateOf(body.ratio || '1280:720'), least: leastCredits, seconds: chosenLength(facts, body, 4, 15),
            most: body.duration === 'auto' ? 15 * rateOf(body.ratio || '1280:720') : 0,
        }),
        output: (facts, body) => ({
            ...sizeOf(body.ratio || nearest(facts, HD)), rate: RATE, seconds: chosenLength(facts, body, 4, 15),
            audio: body.audio !== false,
        }),
    };
}

const seedance25 = {
    source: 'promptVideo',
    body: object({
        model: oneOf('seedance2_5'), promptVideo: asset('video'), promptText: text(1, 15000), audio: boolean(),
        duration: LENGTH(4, 30), mode: oneOf('reference', 'extend', 'edit'),
        ratio: oneOf(...SD_OF_2_5, ...HD, ...FULL_HD), references: list(IMAGE, 0, 30),
        referenceVideos: list(TYPED('video'), 0, 9), referenceAudio: list(TYPED('audio'), 0, 10), seed: SEED,
    }, 'model', 'promptVideo'),
    rules: (body) => {
        const issues = [];
        const not = (member, message) => issues.push(issue('custom', message, [member]));
        if (['edit', 'extend'].includes(body.mode)) {
            if (body.promptText === undefined) not('promptText', `promptText is required in ${body.mode} mode`);
            if (body.ratio !== undefined) not('ratio', `ratio may not be provided in ${body.mode} mode`);
        }
        if (body.mode === 'edit' && body.duration !== 'auto') not('duration', 'edit mode requires duration "auto"');
        return issues;
    },
    input: { max: 30, side: 480 },
    price: (facts, body) => {
        const side = Math.min(facts.width, facts.height);
        const low = body.ratio ? SD_OF_2_5.includes(body.ratio) : side <= 480;
        const high = body.ratio ? FULL_HD.includes(body.ratio) : side > 720;
        const [made, taken] = high ? [68, 34] : low ? [20, 10] : [30, 15];
        const length = body.mode === 'edit' ? facts.seconds : chosenLength(facts, { duration: 5, ...body }, 4, 30);
        return {
            rate: made + taken * facts.seconds / length, least: 80, seconds: length,
            most: body.duration === 'auto' ? 30 * made + taken * facts.seconds : 0,
        };
    },
    output: (facts, body) => ({
        ...(body.mode === 'edit' ? { width: floor16(facts.width), height: floor16(facts.height) }
            : sizeOf(body.ratio || nearest(facts, HD))),
        rate: RATE, audio: body.audio !== false,
        seconds: body.mode === 'edit' ? facts.seconds : chosenLength(facts, { duration: 5, ...body }, 4, 30),
    }),
};

const HAILUO = { '21:9': '1792:768', '16:9': '1366:768', '4:3': '1024:768', '1:1': '768:768', '3:4': '768:1024', '9:16': '768:1366' };

const hailuo3 = {
    source: 'promptVideo',
    body: object({
        model: oneOf('hailuo3'), promptText: text(1, 6000), promptVideo: asset('video'), duration: number(5, 15),
        ratio: oneOf('adaptive', ...Object.keys(HAILUO)), resolution: oneOf('768p', '2k', '768P', '2K'),
        references: list(IMAGE, 0, 9), referenceVideos: list(TYPED('video'), 0, 2),
        referenceAudio: list(TYPED('audio'), 0, 3),
    }, 'model', 'promptText', 'promptVideo'),
    input: { max: 15 },
    price: (facts, body) => {
        const seconds = (body.duration || 5) + facts.seconds;
        const images = 2 * (body.references || []).length;
        return { rate: (/^2k$/i.test(body.resolution || '') ? 15 : 10) + images / seconds, seconds };
    },
    output: (facts, body) => ({
        ...sizeOf(HAILUO[body.ratio] || nearest(facts, Object.values(HAILUO))), rate: RATE, seconds: body.duration || 5,
    }),
};

const ruby = {
    source: 'videoUri',
    body: object({
        model: oneOf('ruby'), videoUri: asset('video'), proresProfile: oneOf('422', '4444', '422 HQ'),
        outputFormat: oneOf('hdr10', 'hlg', 'hdr_prores', 'hdr_exr_sequence', 'hdr_exr_acescg_sequence_1_3',
            'hdr_exr_acescg_sequence_2_0'),
    }, 'model', 'videoUri'),
    rules: proresRule('hdr_prores'),
    input: { max: 30, long: 4095 },
    price: (facts) => ({ rate: megapixels(facts) > 4 ? 40 : 20, seconds: facts.seconds }),
    output: (facts, body) => ({
        width: facts.width, height: facts.height, rate: facts.rate, seconds: facts.seconds, exact: true,
        format: body.outputFormat || 'hdr10', plain: true, audio: facts.audio,
    }),
};

const TARGET = { '720p': 720, '1k': 1080, '2k': 1440, '4k': 2160 };
const PRICE = { '720p': 0.7, '1k': 0.7, '2k': 0.9, '4k': 1.2 };     // US cents a frame; a credit is one

function enlarged(facts, factor) {
    return { width: even(facts.width * factor), height: floor16(facts.height * factor) };
}

const upscaler = {
    source: 'videoUri',
    body: object({
        model: oneOf('magnific_video_upscaler_creative'), videoUri: asset('video'), creativity: number(0, 100),
        flavor: oneOf('vivid', 'natural'), fpsBoost: boolean(), resolution: oneOf(...Object.keys(TARGET)),
        sharpen: number(0, 100), smartGrain: number(0, 100),
    }, 'model', 'videoUri'),
    input: { max: 30 },
    price: (facts, body) => ({ rate: PRICE[body.resolution || '2k'] * facts.fps, seconds: facts.seconds }),
    output: (facts, body) => ({
        ...enlarged(facts, Math.min(3, TARGET[body.resolution || '2k'] / Math.min(facts.width, facts.height))),
        rate: body.fpsBoost ? `${facts.fps * 2}` : facts.rate, seconds: facts.seconds, exact: true, audio: facts.audio,
    }),
};

const frameRate = {
    source: 'videoUri',
    body: object({
        model: oneOf('enhance_frame_rate'), videoUri: asset('video'),
        targetFramerate: oneOf('24', '25', '30', '48', '50', '60', '120', '23_98', '29_97', '59_94'),
    }, 'model', 'videoUri', 'targetFramerate'),
    input: { max: 300 },
    price: () => ({ rate: 0, least: 3, seconds: 0 }),
    output: (facts, body) => {
        const exact = { '23_98': '24000/1001', '29_97': '30000/1001', '59_94': '60000/1001' };
        return {
            width: facts.width, height: facts.height, rate: exact[body.targetFramerate] || body.targetFramerate,
            seconds: facts.seconds, exact: true, audio: facts.audio,
        };
    },
};

const upscaleV1 = {
    source: 'videoUri',
    body: object({ model: oneOf('upscale_v1'), videoUri: asset('video') }, 'model', 'videoUri'),
    input: { max: 40 },
    price: (facts) => ({ rate: 2, seconds: facts.seconds }),
    output: (facts) => ({
        ...enlarged(facts, Math.min(4, 4096 / Math.max(facts.width, facts.height))), rate: facts.rate,
        seconds: facts.seconds, exact: true, audio: facts.audio,
    }),
};

const MODELS = {
    '/v1/video_to_video': {
        gen4_aleph: gen4Aleph,
        aleph2,
        gemini_omni_flash: omniFlash,
        'gemini_omni_flash_1.1': omniFlash11,
        seedance2: seedance2('seedance2', [...SD, ...HD, ...FULL_HD, ...UHD], (ratio) =>
            (UHD.includes(ratio) ? 150 : FULL_HD.includes(ratio) ? 40 : 36)),
        seedance2_fast: seedance2('seedance2_fast', [...SD, ...HD], () => 29),
        seedance2_mini: seedance2('seedance2_mini', [...SD, ...HD], () => 16, 64),
        seedance2_5: seedance25,
        hailuo3,
    },
    '/v1/video_to_hdr': { ruby },
    '/v1/video_upscale': {
        magnific_video_upscaler_creative: upscaler, enhance_frame_rate: frameRate, upscale_v1: upscaleV1,
    },
};

const SUNSET = { gen4_aleph: 'gen4_aleph reached its sunset date. Use "aleph2".' };
const NOT_AT_RUNWAY = ['upscale_v1'];

function find(path, name, provider) {
    if (!Object.hasOwn(MODELS[path], name)) return undefined;
    if (provider === 'runway') {
        if (SUNSET[name]) return { sunset: SUNSET[name] };
        if (NOT_AT_RUNWAY.includes(name)) return undefined;
    }
    return MODELS[path][name];
}

const paths = Object.keys(MODELS);
const namesOf = (path) => Object.keys(MODELS[path]);

module.exports = { find, namesOf, paths };
