import type { Fields } from '../view/read';
import { textOf } from '../view/summary';

/** Shows an SVG as a picture: in an image nothing inside it can run or load anything. */
export function svgPicture(bundle: Fields, node: HTMLElement): void {
  const svg = textOf(bundle['image/svg+xml']);
  if (svg === '') throw new Error(`No way to show ${Object.keys(bundle).join(', ')}`);
  picture('image/svg+xml', encodeURIComponent(svg), '', node);
}

/** Shows base64 data as a picture. */
export function bitmapPicture(type: string, base64: string, node: HTMLElement): void {
  picture(type, base64.replaceAll('\n', ''), ';base64', node);
}

function picture(type: string, data: string, encoding: string, node: HTMLElement): void {
  const image = document.createElement('img');
  image.src = `data:${type}${encoding},${data}`;
  image.alt = '';
  node.replaceChildren(image);
}
