import { expect, test } from 'vitest';
import { Heights } from '../src/view/list/heights';

const laid = (guessed: readonly number[]): Heights => {
  const heights = new Heights();
  heights.lay(
    guessed.map((_, index) => index + 100),
    index => guessed[index] ?? 0,
  );
  return heights;
};

test('lines lie one below the other, at what their heights are guessed to be', () => {
  const heights = laid([10, 20, 30]);
  expect([0, 1, 2, 3].map(index => heights.top(index))).toEqual([0, 10, 30, 60]);
  expect(heights.total).toBe(60);
});

test('the line at a height is found, and the nearest beyond the ends', () => {
  const heights = laid([10, 20, 30]);
  expect([-5, 0, 9, 10, 29, 30, 59, 60, 1000].map(offset => heights.at(offset))).toEqual([
    0, 0, 0, 1, 1, 2, 2, 2, 2,
  ]);
  expect(laid([]).at(5)).toBe(0);
});

test('a real height moves what is below it, and is remembered when the lines change', () => {
  const heights = laid([10, 20, 30]);
  expect(heights.measure(1, 25)).toBe(5);
  expect(heights.measure(1, 25)).toBe(0);
  expect([1, 2, 3].map(index => heights.top(index))).toEqual([10, 35, 65]);
  heights.lay([101, 7, 102], () => 1);
  expect([1, 2, 3].map(index => heights.top(index))).toEqual([25, 26, 27]);
});

test('a line that is gone has no height to take', () => {
  const heights = laid([10]);
  expect(heights.measure(4, 25)).toBe(0);
  expect(heights.total).toBe(10);
});
