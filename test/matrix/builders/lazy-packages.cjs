/* What Nest requires only where it is used: a bundler that takes everything along must let these be absent. */
module.exports = [
  '@nestjs/microservices',
  '@nestjs/microservices/microservices-module',
  '@nestjs/websockets',
  '@nestjs/websockets/socket-module',
  '@nestjs/platform-socket.io',
  '@fastify/static',
  '@fastify/view',
  'class-transformer',
  'class-transformer/storage',
  'class-validator',
];
