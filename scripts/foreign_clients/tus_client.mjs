// Stock tus-js-client: several uploads at once, each taken up again after a break by the URL it stored, as an app would after a restart.
// Arguments: a JSON file {url, token, folder, parallel, pictures: [{number, path, sha256, size}]}, and the file for what came of it.
import { createReadStream, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import * as tus from "tus-js-client";

const ATTEMPTS = 60;
// An answer that ends within its body never ends for tus-js-client's stack for Node (it waits for `end` alone): an app needs a watch of its own.
const SILENCE_MS = 5000;
const CHUNKS = [16 * 1024, 48 * 1024, 128 * 1024, Number.POSITIVE_INFINITY];
const order = JSON.parse(readFileSync(process.argv[2], "utf-8"));
const tally = { done: 0, breaks: 0, own: 0, failed: [] };

/** One client object's try: "done", "broken" (it broke off itself), "silent" (the watch ended it) or the error. */
async function attempt(picture, breakOff) {
  const file = createReadStream(picture.path);
  let watch;
  try {
    return await new Promise((resolve) => {
      const heard = () => {
        clearTimeout(watch);
        watch = setTimeout(() => upload.abort().then(() => resolve("silent"), resolve), SILENCE_MS);
      };
      const upload = new tus.Upload(file, {
        endpoint: order.url,
        headers: { Authorization: `Bearer ${order.token}` },
        metadata: { sha256: picture.sha256, mime: "image/jpeg" },
        chunkSize: breakOff ? CHUNKS[0] : CHUNKS[picture.number % CHUNKS.length],
        retryDelays: [0, 50, 200],
        uploadDataDuringCreation: picture.number % 3 === 0,
        overridePatchMethod: picture.number % 7 === 0,
        urlStorage: new tus.FileUrlStorage(path.join(order.folder, `${picture.number}.json`)),
        onBeforeRequest: heard,
        onProgress: heard,
        onSuccess: () => resolve("done"),
        onError: (error) => resolve(error),
        onChunkComplete: (_size, accepted) => {
          if (breakOff && accepted < picture.size) {
            upload.abort().then(() => resolve("broken"), resolve);
          }
        },
      });
      upload.findPreviousUploads().then((before) => {
        if (before.length > 0) upload.resumeFromPreviousUpload(before[0]);
        upload.start();
      }, resolve);
    });
  } finally {
    clearTimeout(watch);
    file.destroy();
  }
}

async function carry(picture) {
  let breakOff = picture.number % 5 === 0;
  let last;
  for (let turn = 0; turn < ATTEMPTS; turn += 1) {
    last = await attempt(picture, breakOff);
    if (last === "done") {
      tally.done += 1;
      return;
    }
    tally.breaks += 1;
    if (last === "broken") {
      tally.own += 1;
      breakOff = false;
    }
  }
  tally.failed.push(`${path.basename(picture.path)}: gave up after ${ATTEMPTS} attempts: ${last}`);
}

const waiting = [...order.pictures];
const began = performance.now();
await Promise.all(
  Array.from({ length: order.parallel }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await carry(next);
  }),
);
writeFileSync(process.argv[3], JSON.stringify({ ...tally, seconds: (performance.now() - began) / 1000 }));
