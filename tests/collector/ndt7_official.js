// SPDX-License-Identifier: GPL-3.0-or-later
// ndt7_official.js DOWNLOAD-URL UPLOAD-URL - the official ndt7 client (@m-lab/ndt7) outside a
// browser: its workers become threads. Prints what it made of both tests as one JSON object.
'use strict';
const path = require('path');
const threads = require('worker_threads');

const inside = `
  const {parentPort, workerData} = require('worker_threads');
  globalThis.self = globalThis;
  globalThis.WebSocket = require('ws');
  globalThis.postMessage = (m) => parentPort.postMessage(m);
  parentPort.on('message', (data) => self.onmessage({data}));
  require(workerData);
`;

globalThis.Worker = class {
  constructor(file) {
    this.thread = new threads.Worker(inside, {eval: true, workerData: file});
    this.thread.on('message', (data) => this.onmessage({data}));
    this.thread.on('error', (e) => this.onmessage({data: {MsgType: 'error', Error: String(e)}}));
  }
  postMessage(m) {
    this.thread.postMessage(m);
  }
  terminate() {
    this.thread.terminate();
  }
};

const ndt7 = require('@m-lab/ndt7');
const folder = path.dirname(require.resolve('@m-lab/ndt7'));
const config = {
  userAcceptedDataPolicy: true,
  downloadworkerfile: path.join(folder, 'ndt7-download-worker.js'),
  uploadworkerfile: path.join(folder, 'ndt7-upload-worker.js'),
};
const result = {errors: []};
const callbacks = {
  error: (e) => result.errors.push(String(e)),
  downloadMeasurement: (m) => result['down_' + m.Source] = m.Data,
  uploadMeasurement: (m) => result['up_' + m.Source] = m.Data,
  downloadComplete: () => result.down_complete = true,
  uploadComplete: () => result.up_complete = true,
};
const urls = Promise.resolve({'///ndt/v7/download': process.argv[2],
  '///ndt/v7/upload': process.argv[3]});

(async () => {
  result.down_status = await ndt7.downloadTest(config, callbacks, urls);
  result.up_status = await ndt7.uploadTest(config, callbacks, urls);
  console.log(JSON.stringify(result));
  process.exit(0);
})();
