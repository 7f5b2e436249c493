/** The lines of Nest beside which the neighbours are tried for the table, each with what it has instead of the newest. */
const ELEVEN = [
  'common',
  'core',
  'microservices',
  'passport',
  'platform-express',
  'platform-fastify',
  'platform-ws',
];
const line = (names, version) => Object.fromEntries(names.map((name) => [`@nestjs/${name}`, version]));

export const LINES = [
  { title: 'Nest 12', packages: {} },
  {
    title: 'Nest 11',
    packages: {
      ...line([...ELEVEN, 'swagger', 'testing', 'websockets'], '^11.0.0'),
      ...line(['axios', 'config'], '^4.0.0'),
      ...line(['apollo', 'graphql', 'mercurius'], '^13.0.0'),
      '@nestjs/cache-manager': '^3.0.0',
      '@nestjs/jwt': '^11.0.0',
      '@nestjs/schedule': '^6.0.0',
      ioredis: '^5.11.1',
    },
  },
];
