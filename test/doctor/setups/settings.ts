import {
  PLACEHOLDER,
  PRIVATE_KEY,
  PUBLIC_KEY,
  SHORT_KEY,
  type BrokenSetup,
  type Stage,
} from '../support/stage.js';

const BOM = '\uFEFF';

const withKey = (key: string) => (stage: Stage) => {
  stage.environment['NUDGE_API_KEY'] = key;
};

function withKeyFile(stage: Stage, content: string): void {
  delete stage.environment['NUDGE_API_KEY'];
  stage.environment['NUDGE_API_KEY_FILE'] = stage.writeFile('secret', content);
}

const withVariable = (name: string, value: string) => (stage: Stage) => {
  stage.environment[name] = value;
};

const withBaseUrl = (url: string) => withVariable('NUDGE_BASE_URL', url);

const KEY_FAILS = { 'api-key': 'fail' } as const;
const KEY_WARNS = { 'api-key': 'warn' } as const;
const OPTIONS_FAIL = { options: 'fail' } as const;

export const KEY_SETUPS: readonly BrokenSetup[] = [
  {
    title: 'a missing key',
    shows: KEY_FAILS,
    says: /NUDGE_API_KEY is not set/,
    breakIt: (stage) => void delete stage.environment['NUDGE_API_KEY'],
  },
  { title: 'an empty key', shows: KEY_FAILS, says: /set, but empty/, breakIt: withKey('') },
  { title: 'a key of blanks', shows: KEY_FAILS, says: /is empty/, breakIt: withKey('   ') },
  {
    title: 'a key in quotes',
    shows: KEY_FAILS,
    says: /quotes around it.*Remove them/,
    breakIt: withKey(`"${PRIVATE_KEY}"`),
  },
  {
    title: 'a key with a blank at its end',
    shows: KEY_FAILS,
    says: /white space/,
    breakIt: withKey(`${PRIVATE_KEY} `),
  },
  {
    title: 'a key with a line break',
    shows: KEY_FAILS,
    says: /line break/,
    breakIt: withKey(`${PRIVATE_KEY}\nsecond-line`),
  },
  {
    title: 'a key with a letter that no header can hold',
    shows: KEY_FAILS,
    says: /cannot stand in an HTTP header/,
    breakIt: withKey(`${PRIVATE_KEY}é`),
  },
  {
    title: 'a file with a byte order mark',
    shows: KEY_FAILS,
    says: /NUDGE_API_KEY_FILE.*byte order mark/,
    breakIt: (stage) => withKeyFile(stage, `${BOM}${PRIVATE_KEY}\n`),
  },
  {
    title: 'an empty file',
    shows: KEY_FAILS,
    says: /NUDGE_API_KEY_FILE.*is empty/,
    breakIt: (stage) => withKeyFile(stage, '\n'),
  },
  {
    title: 'a whole page of text in place of the key',
    shows: KEY_FAILS,
    says: /longer than 4096 characters/,
    breakIt: (stage) => withKeyFile(stage, PRIVATE_KEY.repeat(200)),
  },
  {
    title: 'a missing file',
    shows: KEY_FAILS,
    says: /cannot be read \(ENOENT\).*mount/,
    breakIt(stage) {
      delete stage.environment['NUDGE_API_KEY'];
      stage.environment['NUDGE_API_KEY_FILE'] = '/run/secrets/obviously-not-there';
    },
  },
  {
    title: 'a key both in the variable and in a file',
    shows: KEY_FAILS,
    says: /so is NUDGE_API_KEY_FILE.*Keep one/,
    breakIt: (stage) =>
      void (stage.environment['NUDGE_API_KEY_FILE'] = stage.writeFile('secret', PRIVATE_KEY)),
  },
  {
    title: 'a key that looks like a placeholder',
    shows: KEY_WARNS,
    says: /looks like a placeholder/,
    breakIt: withKey(PLACEHOLDER),
  },
  { title: 'a very short key', shows: KEY_WARNS, says: /only 12 characters/, breakIt: withKey(SHORT_KEY) },
  {
    title: 'a public key',
    shows: { 'api-key': 'warn', call: 'fail' },
    says: /PUBLIC key/,
    breakIt: withKey(PUBLIC_KEY),
  },
  {
    title: 'an empty standard input in place of the key',
    shows: KEY_FAILS,
    says: /set, but empty/,
    breakIt: (stage) => void stage.argv.push('--key-stdin'),
  },
  {
    title: 'a fallback key in quotes',
    shows: { 'fallback-api-key': 'fail' },
    says: /NUDGE_FALLBACK_API_KEY has quotes/,
    breakIt: withVariable('NUDGE_FALLBACK_API_KEY', "'canary-second-key'"),
  },
  {
    title: 'a fallback key that equals the key',
    shows: { 'fallback-api-key': 'warn' },
    says: /NUDGE_FALLBACK_API_KEY is the same as/,
    breakIt: withVariable('NUDGE_FALLBACK_API_KEY', PRIVATE_KEY),
  },
];

export const OPTION_SETUPS: readonly BrokenSetup[] = [
  {
    title: 'tokens of five minutes',
    shows: OPTIONS_FAIL,
    says: /NUDGE_DEFAULT_EXPIRY_MINS must be a whole number of minutes from 30 to 1440/,
    breakIt: withVariable('NUDGE_DEFAULT_EXPIRY_MINS', '5'),
  },
  {
    title: 'a token life in words',
    shows: OPTIONS_FAIL,
    says: /must be a whole number/,
    breakIt: withVariable('NUDGE_DEFAULT_EXPIRY_MINS', 'an hour'),
  },
  {
    title: 'a base URL that is not a URL',
    shows: OPTIONS_FAIL,
    says: /NUDGE_BASE_URL must be an absolute URL/,
    breakIt: withBaseUrl('main-api.nudgenow.com/api'),
  },
  {
    title: 'a base URL with the path of the token',
    shows: OPTIONS_FAIL,
    says: /must end before \/clients\/jwt\/token/,
    breakIt: (stage) => withBaseUrl(`${stage.nudge.url}/clients/jwt/token`)(stage),
  },
  {
    title: 'a base URL with a password',
    shows: OPTIONS_FAIL,
    says: /user name or password/,
    breakIt: withBaseUrl('https://me:canary-nudge-key-0123456789@nudge.test/api'),
  },
  {
    title: 'a base URL with a query',
    shows: OPTIONS_FAIL,
    says: /query or a fragment/,
    breakIt: withBaseUrl('https://nudge.test/api?region=in'),
  },
  {
    title: 'plain http to another machine',
    shows: OPTIONS_FAIL,
    says: /https/,
    breakIt: withBaseUrl('http://nudge.test/api'),
  },
  {
    title: 'allowed plain http to another machine',
    shows: { options: 'warn' },
    says: /API key crosses the network in clear/,
    breakIt(stage) {
      stage.environment['NUDGE_ALLOW_INSECURE_BASE_URL'] = 'true';
      stage.environment['NUDGE_BASE_URL'] = stage.nudge.url.replace('127.0.0.1', 'nudge.test');
    },
  },
  {
    title: 'a flag that is neither true nor false',
    shows: OPTIONS_FAIL,
    says: /NUDGE_ALLOW_INSECURE_BASE_URL must be true or false/,
    breakIt: withVariable('NUDGE_ALLOW_INSECURE_BASE_URL', 'yes please'),
  },
];
