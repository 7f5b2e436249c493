import type { Application } from './application.js';

/** The class that the application's root module imports. */
export const MODULE_CLASS = 'NudgeModule';

type Choices = Pick<Application, 'hasJwtStrategy' | 'hasConfigModule' | 'httpAdapter' | 'e2eRunner'>;

/** The text of a file from its lines. A line that is `false` is left out. */
function lines(...parts: readonly (string | false)[]): string {
  return `${parts.filter((part) => part !== false).join('\n')}\n`;
}

/** `nudge/nudge.module.ts`: the registration, guarded by the application's `'jwt'` strategy or by `userJwt`. */
export function moduleFile({ hasJwtStrategy, hasConfigModule }: Choices): string {
  const readEnvFile = !hasConfigModule && '    ConfigModule.forRoot(), // reads .env';
  if (hasJwtStrategy) {
    return lines(
      "import { Module } from '@nestjs/common';",
      !hasConfigModule && "import { ConfigModule } from '@nestjs/config';",
      "import { NudgeAuthModule } from 'nestjs-nudge-auth';",
      "import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';",
      '',
      "/** GET /nudge/token for signed-in users. The application's 'jwt' strategy guards it. */",
      '@Module({',
      '  imports: [',
      readEnvFile,
      '    NudgeAuthModule.forRootAsync({',
      '      ...nudgeAuthConfig.asProvider(),',
      '      isGlobal: true, // any module may inject NudgeTokenService',
      '    }),',
      '  ],',
      '})',
      `export class ${MODULE_CLASS} {}`,
    );
  }
  return lines(
    "import { Module } from '@nestjs/common';",
    "import { ConfigModule, ConfigService, type ConfigType } from '@nestjs/config';",
    "import { NudgeAuthModule } from 'nestjs-nudge-auth';",
    "import { nudgeAuthConfig } from 'nestjs-nudge-auth/config';",
    '',
    '/** GET /nudge/token for signed-in users, who send a JWT of this application. */',
    '@Module({',
    '  imports: [',
    readEnvFile,
    '    NudgeAuthModule.forRootAsync({',
    '      isGlobal: true, // any module may inject NudgeTokenService',
    '      imports: [ConfigModule.forFeature(nudgeAuthConfig)],',
    '      inject: [nudgeAuthConfig.KEY, ConfigService],',
    '      useFactory: (',
    '        nudge: ConfigType<typeof nudgeAuthConfig>,',
    '        config: ConfigService,',
    '      ) => ({',
    '        ...nudge,',
    '        // Your sign-in signs with this secret. If an identity provider signs,',
    '        // give jwksUri, issuer and audience, and its algorithms.',
    '        userJwt: {',
    "          secret: config.getOrThrow<string>('USER_JWT_SECRET'),",
    "          algorithms: ['HS256'],",
    '        },',
    '      }),',
    '    }),',
    '  ],',
    '})',
    `export class ${MODULE_CLASS} {}`,
  );
}

/** `test/nudge.e2e-spec.ts`: the whole application, with an emulator in place of Nudge. */
export function e2eTestFile(
  { hasJwtStrategy, httpAdapter, e2eRunner }: Choices,
  rootModule: { readonly className: string; readonly specifier: string },
): string {
  const { className, specifier } = rootModule;
  const isOnFastify = httpAdapter === 'fastify';
  const settings = hasJwtStrategy
    ? ['      NUDGE_API_KEY: apiKey,', '      NUDGE_BASE_URL: nudge.url,']
    : [
        '      NUDGE_API_KEY: apiKey,',
        '      NUDGE_BASE_URL: nudge.url,',
        '      USER_JWT_SECRET: userJwtSecret,',
      ];
  return lines(
    "import { INestApplication } from '@nestjs/common';",
    isOnFastify && "import { FastifyAdapter } from '@nestjs/platform-fastify';",
    "import { Test } from '@nestjs/testing';",
    hasJwtStrategy && "import { NudgeUserGuard } from 'nestjs-nudge-auth';",
    "import { NudgeEmulator } from 'nestjs-nudge-auth/emulator';",
    !hasJwtStrategy && "import { createHmac } from 'node:crypto';",
    e2eRunner === 'vitest' && "import { afterEach, beforeEach, describe, expect, it } from 'vitest';",
    `import { ${className} } from '${specifier}';`,
    '',
    "const apiKey = 'an-obviously-fake-private-key';",
    !hasJwtStrategy && "const userJwtSecret = 'an-obviously-fake-secret-of-32-bytes-or-more';",
    '',
    !hasJwtStrategy && USER_JWT_FUNCTION,
    "describe('GET /nudge/token (e2e)', () => {",
    '  let nudge: NudgeEmulator;',
    '  let app: INestApplication;',
    '',
    '  beforeEach(async () => {',
    '    nudge = await NudgeEmulator.start({ apiKeys: [apiKey] });',
    '    Object.assign(process.env, {',
    ...settings,
    '    });',
    ...(hasJwtStrategy
      ? [
          `    const testing = await Test.createTestingModule({ imports: [${className}] })`,
          '      // Your strategy has its own tests. Here every caller is signed in.',
          '      .overrideGuard(NudgeUserGuard)',
          '      .useValue({ canActivate: () => true })',
          '      .compile();',
        ]
      : [
          '    const testing = await Test.createTestingModule({',
          `      imports: [${className}],`,
          '    }).compile();',
        ]),
    `    app = testing.createNestApplication(${isOnFastify ? 'new FastifyAdapter()' : ''});`,
    "    await app.listen(0, '127.0.0.1');",
    '  });',
    '',
    '  afterEach(async () => {',
    '    await app.close();',
    '    await nudge.stop();',
    '  });',
    '',
    ...(hasJwtStrategy ? TESTS_WITH_STRATEGY : TESTS_WITH_USER_JWT),
    '});',
  );
}

const USER_JWT_FUNCTION = `/** A JWT as your sign-in would make it. */
function userJwt(): string {
  const encode = (part: object) =>
    Buffer.from(JSON.stringify(part)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + 60;
  const content = \`\${encode({ alg: 'HS256' })}.\${encode({ sub: 'user-1', exp })}\`;
  const hmac = createHmac('sha256', userJwtSecret).update(content);
  return \`\${content}.\${hmac.digest('base64url')}\`;
}
`;

const TESTS_WITH_STRATEGY = [
  "  it('hands a signed-in user a token', async () => {",
  '    const answer = await fetch(`${await app.getUrl()}/nudge/token`);',
  '    const { token } = (await answer.json()) as { token: string };',
  '    expect(answer.status).toBe(200);',
  "    expect(token.split('.')).toHaveLength(3);",
  '  });',
];

const TESTS_WITH_USER_JWT = [
  "  it('hands a signed-in user a token', async () => {",
  '    const answer = await fetch(`${await app.getUrl()}/nudge/token`, {',
  '      headers: { Authorization: `Bearer ${userJwt()}` },',
  '    });',
  '    const { token } = (await answer.json()) as { token: string };',
  '    expect(answer.status).toBe(200);',
  "    expect(token.split('.')).toHaveLength(3);",
  '  });',
  '',
  "  it('refuses a caller who is not signed in', async () => {",
  '    const answer = await fetch(`${await app.getUrl()}/nudge/token`);',
  '    expect(answer.status).toBe(401);',
  '    expect(nudge.counters.received).toBe(0);',
  '  });',
];

/** A variable that the application does not start without, and the lines of a `.env` file that set it. */
export interface EnvironmentVariable {
  readonly name: string;
  readonly lines: string;
}

const API_KEY_VARIABLE: EnvironmentVariable = {
  name: 'NUDGE_API_KEY',
  lines: lines(
    '# Nudge. These two lines are for the emulator: npx nestjs-nudge-auth emulator',
    '# For the real Nudge, enter the private key of your account and remove the URL.',
    'NUDGE_API_KEY=nudge-private-key-for-the-emulator-only',
    'NUDGE_BASE_URL=http://127.0.0.1:4010/api',
  ),
};

const USER_JWT_SECRET = 'USER_JWT_SECRET';

/** @param secret empty for a file that goes into git. */
function userJwtSecretVariable(secret: string): EnvironmentVariable {
  return {
    name: USER_JWT_SECRET,
    lines: lines(
      "# The secret that signs your users' JWTs, 32 bytes or more. This command makes one:",
      `# node -p "crypto.randomBytes(32).toString('base64url')"`,
      `${USER_JWT_SECRET}=${secret}`,
    ),
  };
}

/** The variables that the module's file reads. The user may have changed the file since `nest add` created it. */
export function environmentVariables(moduleText: string, secret: string): readonly EnvironmentVariable[] {
  return [API_KEY_VARIABLE, ...(moduleText.includes(USER_JWT_SECRET) ? [userJwtSecretVariable(secret)] : [])];
}
