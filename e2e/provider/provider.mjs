// An OpenID provider for tests: npm's oidc-provider, which is certified, with people who
// need no password. It prints its issuer when it listens. Its keys are new with each start.
//
//   node provider.mjs PORT '{"clients": […], "audience": "…", "people": {"SUBJECT": {claims}}}'
//
// Beside the protocol it signs what a test asks for: POST /test/token issues an access
// token as the provider does, POST /test/sign any header and claims with the provider's key.
import { createServer } from 'node:http';
import { exportJWK, generateKeyPair, importJWK, SignJWT, CompactSign } from 'jose';
import Provider from 'oidc-provider';

const [port, settings] = process.argv.slice(2);
const { clients, audience, people } = JSON.parse(settings);
const issuer = `http://127.0.0.1:${port}`;

const keys = [];
for (const alg of ['RS256', 'ES256']) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  keys.push({ ...(await exportJWK(privateKey)), alg, use: 'sig', kid: `${alg}-${Date.now()}-${process.pid}` });
}

const provider = new Provider(issuer, {
  clients,
  jwks: { keys },
  cookies: { keys: ['of a test'] },
  pkce: { required: () => true },
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups', 'accounts'] },
  extraTokenClaims: (ctx, token) => people[token.accountId],
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  features: {
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({ scope: 'api', audience, accessTokenFormat: 'jwt' }),
    },
  },
});
const handle = provider.callback();

async function body(request) {
  let text = '';
  for await (const part of request) text += part;
  return JSON.parse(text || '{}');
}

async function token({ subject }) {
  const client = await provider.Client.find(clients[0].client_id);
  const made = new provider.AccessToken({ accountId: subject, client, grantId: 'test', gty: 'authorization_code', scope: 'api' });
  made.resourceServer = new provider.ResourceServer(audience, { scope: 'api', audience, accessTokenFormat: 'jwt' });
  made.extra = people[subject];
  return made.save();
}

async function sign({ header, claims }) {
  const jwk = keys.find((k) => k.alg === (header.alg.startsWith('HS') || header.alg === 'none' ? 'RS256' : header.alg));
  const now = Math.floor(Date.now() / 1000);
  const all = { iss: issuer, aud: audience, iat: now, exp: now + 600, ...claims };
  for (const name of Object.keys(all)) if (all[name] === null) delete all[name];
  const full = { kid: jwk.kid, typ: 'at+jwt', ...header };
  const part = (o) => Buffer.from(JSON.stringify(o)).toString('base64url');
  if (header.alg === 'none') return `${part(full)}.${part(all)}.`;
  if (header.alg.startsWith('HS')) {
    // The public key as a secret, as one who knows no other would try.
    const { n, e } = jwk;
    return new CompactSign(Buffer.from(JSON.stringify(all))).setProtectedHeader(full).sign(Buffer.from(n + e));
  }
  return new SignJWT(all).setProtectedHeader(full).sign(await importJWK(jwk, header.alg));
}

createServer(async (request, response) => {
  const test = { '/test/token': token, '/test/sign': sign }[request.url];
  if (!test) return handle(request, response);
  try {
    response.end(await test(await body(request)));
  } catch (error) {
    response.writeHead(500).end(String(error.stack));
  }
}).listen(Number(port), '127.0.0.1', () => console.log(issuer));
