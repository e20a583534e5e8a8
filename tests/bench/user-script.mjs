// What a user would write without the filter: split a film with ffmpeg, send
// the clips with Runway's own SDK, a few at a time, download the results, join
// them, and put the sound back.
//
//   node user-script.mjs SDK_DIR FFMPEG INPUT OUTPUT SECONDS CONCURRENCY PROMPT MODEL
//
// Key and base URL come from RUNWAYML_API_SECRET and RUNWAYML_BASE_URL.
//
// This file is part of runway_v2v, LGPL 2.1 or later.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const [sdk, ffmpeg, input, output, seconds, concurrency, promptText, model] = process.argv.slice(2);
const { default: RunwayML } = await import(pathToFileURL(join(sdk, 'node_modules/@runwayml/sdk/index.mjs')));
const client = new RunwayML();
const dir = await mkdtemp(join(tmpdir(), 'script-'));
const run = (...args) => promisify(execFile)(ffmpeg, ['-v', 'error', '-nostdin', '-y', ...args]);

try {
    // a copy could be cut at key frames only, wherever they are
    await run('-i', input, '-map', '0:v:0', '-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18',
        '-force_key_frames', `expr:gte(t,n_forced*${seconds})`, '-f', 'segment', '-segment_time', seconds,
        '-reset_timestamps', '1', join(dir, 'clip-%04d.mp4'));
    const clips = (await readdir(dir)).filter((name) => name.startsWith('clip-')).sort();

    let next = 0;
    const work = async () => {
        while (next < clips.length) {
            const name = clips[next++];
            const data = (await readFile(join(dir, name))).toString('base64');
            const task = await client.videoToVideo
                .create({ model, promptText, videoUri: `data:video/mp4;base64,${data}` })
                .waitForTaskOutput();
            const reply = await fetch(task.output[0]);
            if (!reply.ok) throw new Error(`${name}: download: ${reply.status}`);
            await writeFile(join(dir, `result-${name}`), Buffer.from(await reply.arrayBuffer()));
        }
    };
    await Promise.all(Array.from({ length: Number(concurrency) }, work));

    await writeFile(join(dir, 'list.txt'), clips.map((name) => `file 'result-${name}'\n`).join(''));
    await run('-f', 'concat', '-safe', '0', '-i', join(dir, 'list.txt'), '-i', input,
        '-map', '0:v:0', '-map', '1:a:0?', '-c', 'copy', output);
} finally {
    await rm(dir, { recursive: true, force: true });
}
