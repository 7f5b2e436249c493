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

/** The lines of Nest beside which the neighbours are tried for the table, each with what it has instead of the newest. */
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
  // As it is installed here.
  { title: 'Nest 12' },
];
