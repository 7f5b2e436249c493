const OF_NEST = [
  'common',
  'core',
  'microservices',
  'passport',
  'platform-express',
  'platform-fastify',
  'platform-ws',
];
const line = (names, version) => Object.fromEntries(names.map((name) => [`@nestjs/${name}`, version]));

/**
 * The versions of Nest with which the table's tests run, each with the packages that it has instead of the newest ones.
 */
export const LINES = [
  {
    title: 'Nest 11',
    packages: {
      ...line([...OF_NEST, 'swagger', 'testing', 'websockets'], '^11.0.0'),
      ...line(['axios', 'config'], '^4.0.0'),
      ...line(['apollo', 'graphql', 'mercurius'], '^13.0.0'),
      '@nestjs/cache-manager': '^3.0.0',
      '@nestjs/jwt': '^11.0.0',
      '@nestjs/schedule': '^6.0.0',
      ioredis: '^5.11.1',
    },
  },
  // Uses the packages that are installed here.
  { title: 'Nest 12' },
];
