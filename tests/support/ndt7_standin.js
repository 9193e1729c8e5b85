// SPDX-License-Identifier: GPL-3.0-or-later
// ndt7_standin - an ndt7 server made apart from our own code, on the package ws: what
// our client must get along with. Its TCPInfo is the kernel's, asked of ss(8), so that it
// counts in its own way too.
//
//   node ndt7_standin.js PORT [CERT KEY] [seconds=10]
//
// Prints "ready" when it listens, then a JSON line for every test that ended.
'use strict';
const {execFile} = require('child_process');
const {randomBytes, randomUUID} = require('crypto');
const fs = require('fs');
const {WebSocketServer} = require('ws');

const PROTOCOL = 'net.measurementlab.ndt.v7';
const args = process.argv.slice(2).filter((a) => !a.includes('='));
const options = Object.fromEntries(process.argv.slice(2).filter((a) => a.includes('='))
    .map((a) => a.split('=')));
const SECONDS = Number(options.seconds || 10);
const MAX = 1 << 24;
const LOAD = randomBytes(1 << 20);

const secure = args.length > 1;
const server = secure ?
  require('https').createServer({cert: fs.readFileSync(args[1]), key: fs.readFileSync(args[2])}) :
  require('http').createServer();

const wss = new WebSocketServer({
  server, perMessageDeflate: false, maxPayload: MAX,
  verifyClient: (info, done) => {
    const asked = info.req.headers['sec-websocket-protocol'];
    const where = new URL(info.req.url, 'ws://x').pathname;
    if (asked !== PROTOCOL) done(false, 400, 'Bad Request');
    else if (where !== '/ndt/v7/download' && where !== '/ndt/v7/upload') done(false, 404, 'Not Found');
    else if (!info.req.headers['user-agent']) done(false, 400, 'Bad Request');
    else done(true);
  },
});

// TCP_INFO of this connection, as ss prints it
function tcpInfo(socket, begun) {
  const filter = ['-tinH', 'state', 'all', 'sport', '=', `:${socket.localPort}`,
    'dport', '=', `:${socket.remotePort}`];
  return new Promise((resolve) => execFile('ss', filter, (error, out) => {
    const elapsed = Number((process.hrtime.bigint() - begun) / 1000n);
    const number = (re, scale = 1) => {
      const m = re.exec(out || '');
      return m ? Math.round(Number(m[1]) * scale) : undefined;
    };
    if (error || !/rtt:/.test(out)) return resolve(null);
    resolve({
      State: 1, ElapsedTime: elapsed,
      RTT: number(/ rtt:([\d.]+)\//, 1000), RTTVar: number(/ rtt:[\d.]+\/([\d.]+)/, 1000),
      MinRTT: number(/ minrtt:([\d.]+)/, 1000), SndMSS: number(/ mss:(\d+)/),
      SndCwnd: number(/ cwnd:(\d+)/), PMTU: number(/ pmtu:(\d+)/),
      BytesSent: number(/ bytes_sent:(\d+)/) || 0, BytesRetrans: number(/ bytes_retrans:(\d+)/) || 0,
      BytesAcked: number(/ bytes_acked:(\d+)/) || 0,
      BytesReceived: number(/ bytes_received:(\d+)/) || 0,
      BusyTime: number(/ busy:(\d+)ms/, 1000), RWndLimited: number(/ rwnd_limited:(\d+)ms/, 1000) || 0,
      SndBufLimited: number(/ sndbuf_limited:(\d+)ms/, 1000) || 0,
      AppLimited: / app_limited/.test(out) ? 1 : 0, MaxPacingRate: -1,
    });
  }));
}

// a memoryless wait with a mean of 250 ms, from 25 to 625
const wait = () => Math.min(625, Math.max(25, -Math.log(1 - Math.random()) * 250));

wss.on('connection', (ws, request) => {
  const url = new URL(request.url, 'ws://x');
  const test = url.pathname === '/ndt/v7/upload' ? 'upload' : 'download';
  const socket = request.socket;
  const begun = process.hrtime.bigint();
  const uuid = `standin_${randomUUID()}`;
  const said = {test, uuid, query: Object.fromEntries(url.searchParams), agent: request.headers['user-agent'],
    protocol: ws.protocol, sent: 0, received: 0, pings: 0, pongs: 0, skipped: 0, words: 0, largest: 0};
  const due = new Map();
  let timer;
  let last = null;
  let over = false;

  async function measure() {
    const tcp = await tcpInfo(socket, begun);
    if (over) return;
    if (tcp && ws.readyState === ws.OPEN) {
      last = tcp;
      ws.send(JSON.stringify({
        ConnectionInfo: {Client: `${socket.remoteAddress}:${socket.remotePort}`,
          Server: `${socket.localAddress}:${socket.localPort}`, UUID: uuid},
        Origin: 'server', Test: test, TCPInfo: tcp, Unknown: {to: ['our', 'client']},
      }));
      const stamp = String(process.hrtime.bigint());
      due.set(stamp, Date.now());
      said.pings++;
      ws.ping(stamp);
    }
    timer = setTimeout(measure, wait());
  }

  ws.on('pong', (data) => {
    const stamp = String(data);
    if (!due.has(stamp)) return;
    for (const older of due.keys()) {
      due.delete(older);
      if (older === stamp) break;
      said.skipped++; // an answer to a later one came first
    }
    said.pongs++;
  });
  ws.on('message', (data, binary) => {
    if (binary) {
      said.received += data.length;
      said.largest = Math.max(said.largest, data.length);
      if (test === 'download') ws.close(1008, 'load in a download');
      return;
    }
    const m = JSON.parse(String(data));
    said.words++;
    said.app = m.AppInfo;
    if (m.ConnectionInfo || m.Origin !== 'client' || m.Test !== test) ws.close(1008, 'not a client\'s words');
  });
  ws.on('close', (code) => {
    over = true;
    clearTimeout(timer);
    const unansweredMs = [...due.values()].map((at) => Date.now() - at);
    console.log(JSON.stringify({...said, code, tcp: last, unanswered_ms: unansweredMs,
      seconds: Number(process.hrtime.bigint() - begun) / 1e9}));
  });
  ws.on('error', () => {});
  timer = setTimeout(measure, wait());

  if (test === 'download') {
    let size = 1 << 13;
    const send = () => {
      if (over || ws.readyState !== ws.OPEN) return;
      if (process.hrtime.bigint() - begun >= BigInt(SECONDS * 1e9)) return ws.close(1000);
      if (size < LOAD.length && size <= said.sent / 16) size *= 2;
      said.sent += size;
      said.largest = size;
      ws.send(LOAD.subarray(0, size), {binary: true}, send);
    };
    send();
    send(); // two under way: the socket never waits for us
  } else {
    setTimeout(() => ws.close(1000), (SECONDS + 3) * 1000).unref();
  }
});
server.listen(Number(args[0]), '::', () => console.log('ready'));
