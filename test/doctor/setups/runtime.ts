import axios from 'axios';
import { readFileSync } from 'node:fs';
import type { BrokenSetup, Stage } from '../support/stage.js';

const { peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  peerDependencies: Record<string, string>;
};

const NEST_11: Readonly<Record<string, string>> = {
  '@nestjs/axios': '4.0.1',
  '@nestjs/common': '11.1.0',
  '@nestjs/config': '4.0.2',
  '@nestjs/core': '11.1.0',
  '@nestjs/passport': '11.0.5',
  passport: '0.7.0',
  'passport-jwt': '4.0.1',
  'reflect-metadata': '0.2.2',
  rxjs: '7.8.2',
};

export function installPeers(stage: Stage, changes: Readonly<Record<string, string | undefined>> = {}): void {
  for (const name of Object.keys(peerDependencies)) {
    const version = name in changes ? changes[name] : NEST_11[name];
    if (version === undefined) continue;
    stage.writeFile(`node_modules/${name}/package.json`, JSON.stringify({ name, version }));
  }
}

export const RUNTIME_SETUPS: readonly BrokenSetup[] = [
  {
    title: 'an old Node',
    shows: { node: 'fail' },
    says: /Node 18\.20\.4.*Install Node/,
    breakIt: (stage) => void (stage.machine = { ...stage.machine, nodeVersion: '18.20.4' }),
  },
  {
    title: 'a peer that is missing',
    shows: { peers: 'fail' },
    says: /not installed: @nestjs\/axios.*npm install @nestjs\/axios@4/,
    breakIt: (stage) => installPeers(stage, { '@nestjs/axios': undefined }),
  },
  {
    title: 'a peer that is too old',
    shows: { peers: 'fail' },
    says: /passport-jwt 3\.0\.1 is not in \^4\.0\.1.*npm install passport-jwt@4/,
    breakIt: (stage) => installPeers(stage, { 'passport-jwt': '3.0.1' }),
  },
  {
    title: 'a peer of line 12 with Nest 11',
    shows: { peers: 'warn' },
    says: /@nestjs\/passport 12\.0\.0.*npm install @nestjs\/passport@11/,
    breakIt: (stage) => installPeers(stage, { '@nestjs/passport': '12.0.0' }),
  },
  {
    title: 'an axios that can leak the API key',
    shows: { 'http-client': 'fail' },
    says: /axios 1\.19\.0 can leak the API key.*"overrides"/,
    breakIt(stage) {
      // The types of axios have no named export for it.
      // oxlint-disable-next-line import/no-named-as-default-member
      const { VERSION } = axios;
      Object.assign(axios, { VERSION: '1.19.0' });
      stage.atEnd(() => Object.assign(axios, { VERSION }));
    },
  },
  {
    title: 'certificates that are not verified',
    shows: { 'tls-verification': 'fail' },
    says: /NODE_TLS_REJECT_UNAUTHORIZED=0.*NODE_EXTRA_CA_CERTS/,
    breakIt: (stage) => stage.setProcessVariable('NODE_TLS_REJECT_UNAUTHORIZED', '0'),
  },
  {
    title: 'NODE_DEBUG that prints headers',
    shows: { 'debug-output': 'warn' },
    says: /Remove NODE_DEBUG/,
    breakIt: (stage) => void (stage.environment['NODE_DEBUG'] = 'timers,HTTP*'),
  },
];
