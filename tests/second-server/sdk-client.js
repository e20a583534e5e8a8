// Runway's SDK as the client of a server: node sdk-client.js SDK_DIR BASE_URL CLIP
// does what a user of the SDK would, and prints one line of JSON with what it got.
//
// This file is part of runway_v2v, LGPL 2.1 or later.
'use strict';

const fs = require('node:fs');

// the SDK wants Node 20, of which Debian 12's 18 lacks only this
globalThis.File ??= require('node:buffer').File;

async function main([sdk, baseURL, clip]) {
    const { default: RunwayML, toFile } = require(sdk);
    const client = new RunwayML({ apiKey: 'key-of-the-sdk', baseURL, maxRetries: 0 });
    const refused = (promise) => promise.then(() => null, (error) => ({ name: error.constructor.name, status: error.status, error: error.error }));
    const bytes = fs.readFileSync(clip);
    const inline = `data:video/mp4;base64,${bytes.toString('base64')}`;

    const seen = { before: await client.organization.retrieve() };
    const upload = await client.uploads.createEphemeral({ file: await toFile(bytes, 'clip.mp4', { type: 'video/mp4' }) });
    seen.uploaded = upload.uri;
    const first = client.videoToVideo.create({ model: 'aleph2', videoUri: upload.uri, promptText: 'the negative' });
    seen.created = await first;
    seen.output = await first.waitForTaskOutput();
    const reply = await fetch(seen.output.output[0]);
    seen.download = { status: reply.status, type: reply.headers.get('content-type'), bytes: (await reply.arrayBuffer()).byteLength };
    const hdr = await client.videoToHdr.create({ model: 'ruby', videoUri: inline });
    seen.pending = await client.tasks.retrieve(hdr.id);
    await client.tasks.delete(hdr.id);
    seen.cancelled = await client.tasks.retrieve(hdr.id);
    await client.tasks.delete(hdr.id);
    seen.deleted = await refused(client.tasks.retrieve(hdr.id));
    seen.upscale = await client.videoUpscale.create({ model: 'magnific_video_upscaler_creative', videoUri: inline, resolution: '720p' });
    seen.sunset = await refused(client.videoToVideo.create({ model: 'gen4_aleph', videoUri: inline, promptText: 'x', ratio: '1280:720' }));
    seen.unknown = await refused(client.videoToVideo.create({ model: 'aleph2', videoUri: inline, strength: 1 }));
    seen.short = await refused(client.videoToVideo.create({ model: 'seedance2_5', promptVideo: inline, mode: 'edit', duration: 'auto', promptText: 'x' }));
    const other = new RunwayML({ apiKey: 'key-of-the-sdk', baseURL, maxRetries: 0, defaultHeaders: { Authorization: null } });
    seen.nobody = await refused(other.organization.retrieve());
    seen.after = await client.organization.retrieve();
    console.log(JSON.stringify(seen));
}

main(process.argv.slice(2)).catch((error) => {
    console.error(error);
    process.exit(1);
});
