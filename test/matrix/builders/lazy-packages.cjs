/* Packages that Nest requires only when they are used. A bundler that bundles everything must ignore them if they are absent. */
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
