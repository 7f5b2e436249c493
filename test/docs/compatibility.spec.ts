import { describe, expect, it } from '@jest/globals';
import { CELLS, type Cell } from '../matrix/cells.mjs';
import { readRows } from '../matrix/table.mjs';

describe('the table of docs/compatibility.md', () => {
  it('has one row for each cell of the matrix, and none that failed', async () => {
    const rows = await readRows();
    expect([...rows.keys()]).toEqual(CELLS.map(({ title }: Cell) => title));
    expect([...rows].filter(([, mark]) => mark === '✗')).toEqual([]);
  });
});
