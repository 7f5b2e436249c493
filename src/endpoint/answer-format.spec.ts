import { describe, expect, it } from '@jest/globals';
import { answerFormat } from './answer-format.js';

describe('answerFormat', () => {
  it.each([
    // A weight that is not a valid number counts as 1.
    ['text/plain;q=abc, application/json;q=0.9', 'text'],
    ['text/plain;q=, application/json;q=0.9', 'text'],
    ['text/plain;q=0, application/json;q=-1', 'json'],
    ['text/plain;q=5, application/json;q=1', 'json'],
    ['text/plain;q=0.001, application/json;q=0', 'text'],
    ['text/plain;q=0.000', 'json'],
    ['text/plain;q=1.000, application/json;q=0.999', 'text'],
    // The weight is found among other parameters, in upper or lower case, with blanks around it.
    ['text/plain ; charset=utf-8 ; Q=0.3 , application/json ; q=0.2', 'text'],
    // A range that matches both types does not count: the client must name text/plain.
    ['text/*, application/json;q=0.1', 'json'],
    ['text/plainer', 'json'],
    ['', 'json'],
  ])('reads Accept: %s as %s', (accept, format) => {
    expect(answerFormat('/nudge/token', accept)).toBe(format);
    expect(answerFormat('/nudge/token?', accept)).toBe(format);
  });

  it.each([
    '?format=text',
    '?a=%zz&format=text',
    '?x=1?y&format=text',
    '?+=&&format=text',
    '?form%61t=te%78t',
  ])('answers with text when the query is %s', (query) => {
    expect(answerFormat(`/nudge/token${query}`, 'application/json')).toBe('text');
  });

  it.each(['?format=json', '?format=json&x=format', '?xformat=text'])(
    'answers with JSON when the query is %s',
    (query) => {
      expect(answerFormat(`/nudge/token${query}`, 'application/json')).toBe('json');
    },
  );

  it.each(['?e%78tId=a', '?expiryMins', '?format=json&expiryMins=5', '?extId=a&extId=b'])(
    'refuses the query %s, because a client may not choose the life or the owner of a token',
    (query) => {
      expect(() => answerFormat(`/nudge/token${query}`, undefined)).toThrow(
        /cannot be chosen by a client: remove it$/,
      );
    },
  );
});
