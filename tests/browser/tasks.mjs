/**
 * What people come for, as they would do it who read the screen for the first time: the ways through the dashboard, for the tests and for
 * the bench of interactions. `click` is counted; `known` says what is in the data: a CDN that fails, a viewer, a title.
 */

const menu = (page, name) => page.locator('nav[aria-label=Pages] a', { hasText: name });

export const TASKS = [
  {
    name: 'which CDN fails? Overview, its failures, by CDN: the first row by impact',
    async run(page, click, { cdn }) {
      await click(menu(page, 'Overview'));
      await click(page.locator('#figure-playback_failure_percentage a'));
      await page.locator('#dimension').waitFor();
      await page.locator('#dimension').selectOption('cdn');
      await page.locator('#by tbody tr', { hasText: cdn }).waitFor();
    },
  },
  {
    name: 'why was this viewer’s evening bad? Views, their id, the view: a sentence',
    async run(page, click, { viewer }) {
      await click(menu(page, 'Views'));
      await click(page.locator('#search-id'));
      await page.keyboard.type(viewer);
      await page.keyboard.press('Enter');
      await page.locator('#search-finding', { hasText: 'viewer id' }).waitFor();
      await page.locator('.chip-value', { hasText: viewer }).waitFor();
      await click(page.locator('#views-list tbody .open').first());
      await page.locator('#verdict', { hasText: /\w+ \w+/ }).waitFor();
    },
  },
  {
    name: 'where do people leave this title? Overview, the title: the places that stand out',
    async run(page, click, { title }) {
      await click(menu(page, 'Overview'));
      await page.locator('#top-video_id').scrollIntoViewIfNeeded();
      await click(page.locator('#top-video_id a.value', { hasText: title }).first());
      await page.locator('#standouts li', { hasText: 'see 0:30' }).waitFor();
    },
  },
  {
    name: 'when was the peak? Overview: the sentence under the chart',
    async run(page, click) {
      await click(menu(page, 'Overview'));
      await page.locator('#trend .summary', { hasText: /Highest by hour: \d+ at \d+ \w+, \d\d:00/ }).waitFor();
    },
  },
  {
    name: 'why is startup as it is? Overview, startup: what drags it down',
    async run(page, click) {
      await click(menu(page, 'Overview'));
      await click(page.locator('#figure-video_startup_time a'));
      await page.locator('#why').scrollIntoViewIfNeeded();
      await page.locator('#why tbody tr').first().waitFor();
    },
  },
];
