'use strict';

const { named } = require('../missing-peer.cjs');

try {
  const swagger = require('@nestjs/swagger');
  exports.ApiExtraModels = swagger.ApiExtraModels;
  exports.ApiOperation = swagger.ApiOperation;
  exports.ApiProperty = swagger.ApiProperty;
  exports.ApiQuery = swagger.ApiQuery;
  exports.ApiResponse = swagger.ApiResponse;
  exports.ApiSecurity = swagger.ApiSecurity;
  exports.getSchemaPath = swagger.getSchemaPath;
} catch (error) {
  throw named('@nestjs/swagger', 'swagger', error);
}
