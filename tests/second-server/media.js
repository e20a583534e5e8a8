// What is known of a video, and the videos that are "generated": both by ffmpeg.
//
//   const media = create({ ffmpeg, ffprobe });
//   await media.probe(file)       { width, height, fps, rate, seconds, frames, audio },
//                                 or undefined where there is no video in it
//   await media.look(file)        { picture, first, last }: a digest of a small copy
//                                 of all frames, and the first and last one as four
//                                 by four gray values
//   await media.generate(file, prompt, output, target)
//                                 the result; output is what models.js says of it
//   media.stop()                  ends what is running
//
// The prompt picks the effect: "unchanged", "gray", "mirror", "hue"; any other
// gives the negative. Results have a frame more than the length asks for, as seen at
// the service, and sound; `skew` sets how many frames more or fewer.
//
// One ffmpeg runs at a time: the server shares the machine with what it tests.
//
// This file is part of runway_v2v, LGPL 2.1 or later.
'use strict';

const { createHash } = require('node:crypto');
const { spawn } = require('node:child_process');

const EFFECTS = [
    [/unchanged/i, 'null'],
    [/gr[ae]y/i, 'hue=s=0'],
    [/mirror/i, 'hflip'],
    [/\bhue\b/i, 'hue=h=120'],
];

const effectOf = (prompt) => (EFFECTS.find(([pattern]) => pattern.test(prompt)) || [0, 'negate'])[1];

function fraction(text) {
    const [a, b = 1] = String(text).split('/').map(Number);
    return b ? a / b : 0;
}

const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-crf', '12', '-pix_fmt', 'yuv420p'];
const TEN_BIT = (encoder) => ['-c:v', encoder, '-preset', 'ultrafast', '-crf', '12', '-pix_fmt', 'yuv420p10le'];
// By a filter: from FFmpeg 7.1 on, what the frames say is what is written.
const HDR = (transfer) => [`setparams=range=tv:color_primaries=bt2020:colorspace=bt2020nc:color_trc=${transfer}`];

// Arguments for the codec, filters that tag the frames, and the container; `hevc` is the encoder there is.
function codecOf(format, hevc) {
    switch (format) {
    case 'prores':
    case 'hdr_prores': return { args: ['-c:v', 'prores_ks', '-profile:v', '3', '-pix_fmt', 'yuv422p10le'], as: 'mov' };
    case 'sdr_rec709_10bit': return { args: TEN_BIT(hevc), as: 'mp4' };
    case 'hdr10': return { args: TEN_BIT(hevc), tags: HDR('smpte2084'), as: 'mp4' };
    case 'hlg': return { args: TEN_BIT(hevc), tags: HDR('arib-std-b67'), as: 'mp4' };
    default: return { args: H264, as: 'mp4' };
    }
}

function create({ ffmpeg, ffprobe, skew = 1 }) {
    const running = new Set();
    let queue = Promise.resolve();
    let hevc;

    function run(program, args) {
        return new Promise((resolve) => {
            const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
            const out = [];
            let err = '';
            running.add(child);
            child.stdout.on('data', (chunk) => out.push(chunk));
            child.stderr.on('data', (chunk) => { err = (err + chunk).slice(-2000); });
            child.on('error', (error) => { running.delete(child); resolve({ status: -1, out: Buffer.alloc(0), err: error.message }); });
            child.on('close', (status) => { running.delete(child); resolve({ status, out: Buffer.concat(out), err }); });
        });
    }

    function inTurn(work) {
        const result = queue.then(work);
        queue = result.catch(() => {});
        return result;
    }

    async function probe(file) {
        const { status, out } = await run(ffprobe, ['-v', 'error', '-count_packets', '-show_entries',
            'format=duration:stream=codec_type,width,height,r_frame_rate,avg_frame_rate,duration,nb_read_packets',
            '-of', 'json', file]);
        if (status) return undefined;
        const { streams = [], format = {} } = JSON.parse(out);
        const video = streams.find((stream) => stream.codec_type === 'video');
        const seconds = Number((video || {}).duration || format.duration);
        if (!video || !(seconds > 0)) return undefined;
        const rate = fraction(video.avg_frame_rate) ? video.avg_frame_rate : video.r_frame_rate;
        return {
            width: video.width, height: video.height, fps: fraction(rate), rate, seconds,
            frames: Number(video.nb_read_packets), audio: streams.some((stream) => stream.codec_type === 'audio'),
        };
    }

    async function look(file) {
        const { status, out } = await run(ffmpeg, ['-v', 'error', '-nostdin', '-i', file, '-map', '0:v:0', '-vf',
            'scale=4:4:flags=area,format=gray', '-fps_mode', 'passthrough', '-f', 'rawvideo', '-']);
        if (status || out.length < 16) return undefined;
        return {
            picture: createHash('sha256').update(out).digest('hex'),
            first: [...out.subarray(0, 16)], last: [...out.subarray(-16)],
        };
    }

    async function hevcEncoder() {
        if (!hevc) {
            const { out } = await run(ffmpeg, ['-hide_banner', '-encoders']);
            hevc = /\blibx265\b/.test(out) ? 'libx265' : 'libx264';
        }
        return hevc;
    }

    async function generate(file, prompt, output, target) {
        const rate = fraction(output.rate);
        const frames = Math.max(1, Math.round(output.seconds * rate) + (output.exact ? 0 : skew));
        const codec = codecOf(output.format, await hevcEncoder());
        const filters = [
            output.plain ? 'null' : effectOf(prompt),
            `scale=${output.width}:${output.height}`, 'setsar=1', `fps=${output.rate}`, ...(codec.tags || []),
            // as long as it has to be: the model goes on where the input ends
            'tpad=stop_mode=clone:stop=-1',
        ];
        const { status, err } = await run(ffmpeg, ['-v', 'error', '-nostdin', '-y', '-i', file,
            ...(output.audio === false ? [] : ['-f', 'lavfi', '-i', 'sine=frequency=330:sample_rate=44100']),
            '-map', '0:v:0', ...(output.audio === false ? [] : ['-map', '1:a:0', '-c:a', 'aac']),
            '-vf', filters.join(','), '-frames:v', String(frames), '-t', String(frames / rate), ...codec.args,
            '-movflags', '+faststart', '-f', codec.as, target]);
        if (status) throw new Error(err);
        return { frames, as: codec.as };
    }

    return {
        probe: (file) => inTurn(() => probe(file)),
        look: (file) => inTurn(() => look(file)),
        generate: (...args) => inTurn(() => generate(...args)),
        stop: () => running.forEach((child) => child.kill('SIGKILL')),
    };
}

module.exports = { create };
