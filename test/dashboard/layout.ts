/** What is wrong with a page's looks as it stands, measured in the browser. */
import axe from 'axe-core';
import type { Page } from 'playwright-core';

/**
 * Elements that are wider than their box or stick out of the window, and text that is cut. Text that ends in an
 * ellipsis is shortened on purpose; what a person scrolls sideways on purpose is named here.
 */
const MISFITS = `(() => {
  const SCROLLS = 'pre, input, textarea, select, .hours-frame, .as-table-frame';
  const SKIPPED = '.visually-hidden, .skip, svg, dialog:not([open]), details:not([open]) > :not(summary), .tool-label';
  const isForReaders = (element) =>
    element !== null && (getComputedStyle(element).clipPath === 'inset(50%)' || isForReaders(element.parentElement));
  const isShown = (element) =>
    element.checkVisibility({ visibilityProperty: true }) && !element.closest(SKIPPED) && !isForReaders(element);
  const nameOf = (element) => {
    const text = (element.textContent ?? '').trim().slice(0, 40);
    return element.tagName.toLowerCase() + [...element.classList].map((one) => '.' + one).join('') + ' "' + text + '"';
  };
  const isShortened = (element) => {
    const { textOverflow, overflowX } = getComputedStyle(element);
    return textOverflow === 'ellipsis' && overflowX !== 'visible';
  };
  const found = [];
  const whole = document.documentElement;
  if (whole.scrollWidth > innerWidth) found.push('the page is ' + whole.scrollWidth + ' px wide');
  for (const element of document.body.querySelectorAll('*')) {
    if (!isShown(element) || element.closest(SCROLLS)) continue;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const isInside = element.parentElement !== null && isShortened(element.parentElement);
    if (!isInside && box.width > 0 && (box.right > innerWidth + 1 || box.left < -1)) found.push('out of the window: ' + nameOf(element));
    if (style.display === 'inline' || element.clientWidth === 0) continue;
    const hasHidden = [...element.children].some((child) => child.matches(SKIPPED));
    if (element.scrollWidth > element.clientWidth + 1 && !isShortened(element) && !hasHidden)
      found.push('wider than its box by ' + (element.scrollWidth - element.clientWidth) + ': ' + nameOf(element));
    const isClipped = style.overflowY === 'hidden' || style.overflowY === 'clip';
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== '');
    if (isClipped && hasText && element.scrollHeight > element.clientHeight + 3) found.push('cut below: ' + nameOf(element));
  }
  return [...new Set(found)];
})()`;

export function misfitsOf(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(MISFITS);
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** What axe finds, by all of its rules or by some. */
export async function axeFaultsOf(page: Page, rules?: readonly string[]): Promise<string[]> {
  if (!(await page.evaluate<boolean>('"axe" in window'))) await page.evaluate(axe.source);
  const options = JSON.stringify({ resultTypes: ['violations'], ...(rules && { runOnly: rules }) });
  const violations = await page.evaluate<Violation[]>(`axe.run(${options}).then(({ violations }) => violations)`);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

/** What is wrong with the page as it stands, by both: light and dark, wide and on a phone. */
export async function faultsInEveryLook(page: Page): Promise<string[]> {
  const size = page.viewportSize();
  const faults: string[] = [];
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 900 });
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      const found = [...(await misfitsOf(page)), ...(await axeFaultsOf(page))];
      faults.push(...found.map((fault) => `${width} ${colorScheme}: ${fault}`));
    }
  }
  if (size !== null) await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: 'light' });
  return faults;
}
