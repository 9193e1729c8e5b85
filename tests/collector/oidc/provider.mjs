// SPDX-License-Identifier: GPL-3.0-or-later
// The certified oidc-provider as somebody's directory. Its first line on standard input is how it
// shall be (JSON), each further one an order that is answered by one line: {account: NAME, claims:
// {…}|null} as people come, change and leave, {logout: NAME} for an administrator who ends a session.
import { createInterface } from 'node:readline';
import { join } from 'node:path';

const { default: Provider, interactionPolicy } = await import(
  join(process.env.NODE_PATH.split(':')[0], 'oidc-provider/lib/index.js'));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const given = JSON.parse((await lines.next()).value);
const accounts = new Map(Object.entries(given.accounts));
const sids = new Map();

// Whoever left has to sign in, and cannot.
const policy = interactionPolicy.base();
policy.get('login').checks.add(new interactionPolicy.Check('left', 'nobody of this name is here',
  (ctx) => Boolean(ctx.oidc.session.accountId) && !accounts.has(ctx.oidc.session.accountId)));

const provider = new Provider(given.issuer, {
  clients: given.clients,
  jwks: given.jwks,
  cookies: { keys: ['one for this test'] },
  pkce: { required: () => true },
  claims: { openid: ['sub'], profile: ['name', 'preferred_username', 'groups'] },
  interactions: { policy },
  features: {
    devInteractions: { enabled: true },
    backchannelLogout: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },
  findAccount: (ctx, id) => accounts.has(id)
    ? { accountId: id, claims: () => ({ sub: id, ...accounts.get(id) }) } : undefined,
  // Nobody is asked whether the state may know who they are.
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid profile');
    await grant.save();
    return grant;
  },
});
provider.proxy = true;
provider.on('authorization.success', (ctx) => {
  sids.set(ctx.oidc.session.accountId, ctx.oidc.session.sidFor(given.clients[0].client_id));
});
provider.on('grant.error', (ctx, err) => console.error(err.error_detail || err.message));
provider.on('server_error', (ctx, err) => console.error(err));
await new Promise((done) => { provider.listen(given.port, '127.0.0.1', done); });
console.log('ready');
for await (const line of { [Symbol.asyncIterator]: () => lines }) {
  const order = JSON.parse(line);
  if (order.account && order.claims) {
    accounts.set(order.account, order.claims);
  } else if (order.account) {
    accounts.delete(order.account);
  } else if (order.logout) {
    const client = await provider.Client.find(given.clients[0].client_id);
    await client.backchannelLogout(order.logout, sids.get(order.logout));
  }
  console.log('done');
}
process.exit(0);
