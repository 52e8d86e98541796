/** Stories of playback, from the element's behaviour to what arrives at the collector. */

import { expect, test, vi } from 'vitest';
import { FakePage } from './fake-page';
import { FakeVideo } from './fake-video';
import { near, session, stretches } from './session';

test('start-up is dated by the picture, not by the look that found it moving', async () => {
  const { page, video, after } = session();
  await after(1_000);
  video.play(1_234);
  await after(3_000);
  expect(page.types()).toEqual(['viewinit', 'play', 'playing']);
  near(page.first('playing').t_ms - page.first('play').t_ms, 1_234, 5);
  near(page.first('playing').c.startup_ms, 1_234, 5);
  expect(page.first('viewinit').t_ms).toBe(0);
});

test('a playhead that twitches before it sets off has not started yet', async () => {
  const { page, video, after } = session();
  video.play(10);
  await after(30);
  video.say('timeupdate');
  video.freeze();
  await after(770);
  video.flow();
  await after(1_000);
  near(page.first('playing').c.startup_ms, 780, 5);
});

test('a stall of four seconds without a word from the player', async () => {
  const { page, video, after } = session();
  video.play(100);
  await after(5_100);
  video.freeze();
  await after(4_000);
  video.flow();
  await after(2_000);
  video.pause();
  await after(200);
  expect(page.types()).toEqual(['viewinit', 'play', 'playing', 'rebufferstart', 'rebufferend', 'pause']);
  near(page.first('rebufferstart').t_ms, 5_100, 5);
  near(page.first('rebufferend').t_ms, 9_100, 5);
  const { c, seg } = page.latest;
  near(c.rebuffer_ms, 4_000, 5);
  expect(c.rebuffer_count).toBe(1);
  near(c.playing_ms, 7_000, 5);
  near(seg?.[2], 7_000, 5);
});

test('hiccups shorter than anybody notices are playing, not stalls', async () => {
  const { page, video, after } = session();
  video.play();
  for (let hiccup = 0; hiccup < 5; hiccup++) {
    await after(1_000);
    video.freeze();
    await after(150);
    video.flow();
  }
  await after(1_000);
  video.pause();
  await after(200);
  expect(page.latest.c.rebuffer_count).toBe(0);
});

test('seek back and watch again: two stretches with exact ends', async () => {
  const { page, video, after } = session();
  video.play();
  await after(3_137);
  video.seek(1, 400);
  await after(2_400);
  video.pause();
  await after(200);
  expect(page.types()).toEqual(['viewinit', 'play', 'playing', 'seeking', 'seeked', 'playing', 'pause']);
  const [first, second] = stretches(page);
  near(first?.[0], 0);
  near(first?.[1], 3_137);
  near(second?.[0], 1_000);
  near(second?.[1], 3_000);
  const seeking = page.first('seeking');
  near(seeking.playhead_ms, 3_137);
  expect(seeking.seg?.[0]).toBe(0);
  near(page.latest.c.seek_ms, 400);
  expect(page.latest.c.seek_count).toBe(1);
});

test('seeking while paused counts once per seek, and does not start the clock of playing', async () => {
  const { page, video, after } = session();
  video.play();
  await after(2_000);
  video.pause();
  await after(1_000);
  video.seek(20, 300);
  await after(1_000);
  video.seek(30, 300);
  await after(60_000);
  video.play();
  await after(1_000);
  video.pause();
  await after(200);
  const { c } = page.latest;
  expect(c.seek_count).toBe(2);
  near(c.seek_ms, 600);
  near(c.playing_ms, 3_000);
  near(c.watch_ms, 3_600);
  expect(stretches(page)).toHaveLength(2);
  expect(page.events().filter((event) => event.type === 'heartbeat')).toHaveLength(0);
});

test('dragging the handle is one seek', async () => {
  const { page, video, after } = session();
  video.play();
  await after(2_000);
  for (let drag = 0; drag < 10; drag++) {
    video.seek(10 + drag, 5_000);
    await after(50);
  }
  await after(10_000);
  expect(page.latest.c.seek_count).toBe(1);
  expect(page.types().filter((type) => type === 'seeking')).toHaveLength(1);
});

test('choosing where to start is neither a seek nor a stretch', async () => {
  const { page, video, after } = session();
  video.seek(40, 500);
  video.play(900);
  await after(3_000);
  video.pause();
  await after(200);
  expect(page.latest.c.seek_count).toBe(0);
  expect(stretches(page)).toHaveLength(1);
  near(stretches(page)[0]?.[0], 40_000);
});

test('the end, and again from the start: the same view, a new stretch, no seek', async () => {
  const { page, video, handle, after } = session({}, new FakeVideo(5));
  video.play();
  await after(6_000);
  expect(page.types()).toEqual(['viewinit', 'play', 'playing', 'ended']);
  expect(page.latest.seg).toEqual([0, 0, 5_000]);
  video.replay();
  await after(2_020);
  video.pause();
  await after(200);
  expect(page.events(handle.viewId)).toHaveLength(page.events().length);
  expect(page.latest.c.seek_count).toBe(0);
  near(page.latest.seg?.[2], 2_000, 50);
  expect(page.latest.seg?.[0]).toBe(1);
});

test('a loop ends one stretch at the very end and begins the next', async () => {
  const video = new FakeVideo(4);
  video.loop = true;
  const { page, after } = session({}, video);
  video.play();
  await after(10_000);
  video.pause();
  await after(200);
  const [first, second, third] = stretches(page);
  expect(first).toEqual([0, 4_000]);
  expect(second?.[1]).toBe(4_000);
  near(third?.[1], 1_980, 50);
  expect(page.latest.c.seek_count).toBe(0);
});

test('a jump without a seek begins a new stretch instead of inventing watched time', async () => {
  const { page, video, after } = session();
  video.play();
  await after(3_000);
  video.jump(30);
  await after(2_000);
  video.pause();
  await after(200);
  expect(stretches(page)).toHaveLength(2);
  near(stretches(page)[0]?.[1], 3_000, 210);
  near(stretches(page)[1]?.[0], 30_000, 210);
});

test('a paused video put elsewhere without a seek goes on in a new stretch', async () => {
  const { page, video, after } = session();
  video.play();
  await after(2_000);
  video.pause();
  await after(60_000);
  video.jump(5);
  video.play();
  await after(1_000);
  video.pause();
  await after(200);
  const [first, second] = stretches(page);
  near(first?.[1], 2_000);
  near(second?.[0], 5_000);
  near(second?.[1], 6_000);
});

test('a player that hops over a hole in its buffer is still stalling, not seeking', async () => {
  const { page, video, after } = session();
  video.play();
  await after(3_000);
  video.freeze();
  await after(1_000);
  video.seek(3.2, 10);
  video.freeze();
  await after(1_000);
  video.pause();
  await after(200);
  expect(page.latest.c.seek_count).toBe(0);
  expect(page.latest.c.rebuffer_count).toBe(1);
});

test('autoplay: the wait begins with loading, though the element says play later', async () => {
  const video = new FakeVideo();
  video.autoplay = true;
  const { page, after } = session({}, video);
  await after(1_500);
  video.play(0);
  video.say('canplaythrough');
  await after(1_000);
  near(page.first('playing').c.startup_ms, 1_500, 10);
  expect(page.first('play').t_ms).toBe(0);
});

test('autoplay forbidden by the browser is no attempt to watch', async () => {
  const video = new FakeVideo();
  video.autoplay = true;
  const { page, after } = session({}, video);
  await after(1_500);
  video.say('canplaythrough');
  await after(30_000);
  expect(page.types()).toEqual(['viewinit']);
  expect(page.latest.c.watch_ms).toBe(0);
});

test('autoplay that was forbidden, or stopped by the viewer, before monitoring began is no attempt either', async () => {
  for (const before of [{ readyState: 4 }, { readyState: 3, played: { length: 1 } }]) {
    const video = Object.assign(new FakeVideo(), { autoplay: true }, before);
    const { page, after, handle } = session({}, video);
    await after(3_000);
    handle.destroy();
    await after(200);
    expect(page.types()).toEqual(['viewinit', 'viewend']);
    expect(page.latest.c.watch_ms).toBe(0);
  }
});

test('autoplay that keeps the viewer waiting is reported while it does', async () => {
  const video = new FakeVideo();
  video.autoplay = true;
  const { page, after } = session({}, video);
  await after(25_000);
  expect(page.types()).toEqual(['viewinit', 'play']);
  near(page.latest.c.watch_ms, 20_000, 400);
});

test('monitoring that begins in the middle does not claim to know the start-up', async () => {
  const page = new FakePage();
  const video = new FakeVideo();
  video.play();
  await vi.advanceTimersByTimeAsync(50);
  video.jump(10);
  const { after } = session({}, video, page);
  await after(1_000);
  expect(page.types()).toEqual(['viewinit', 'playing']);
  expect(page.latest.c.startup_ms).toBeUndefined();
});

test('twice the speed: wall time in the counters, media time in the stretch', async () => {
  const { page, video, after } = session();
  video.play();
  await after(2_000);
  video.setRate(2);
  await after(3_000);
  video.pause();
  await after(200);
  near(page.latest.c.playing_ms, 5_000);
  near(page.latest.seg?.[2], 8_000);
  expect(page.first('ratechange').set).toMatchObject({ playback_rate: 2 });
});

test('a night with the lid closed is neither watched nor a stall', async () => {
  const { page, video, after } = session();
  video.play();
  await after(5_000);
  video.freeze();
  performance.now = ((real) => () => real() + 8 * 3_600_000)(performance.now.bind(performance));
  await after(200);
  video.flow();
  await after(1_000);
  video.pause();
  await after(200);
  expect(page.latest.c.watch_ms).toBeLessThan(7_000);
  expect(page.latest.c.rebuffer_count).toBe(0);
});

test('a hidden page that is not drawn does not stall', async () => {
  const { page, video, after } = session();
  video.play();
  await after(5_000);
  page.hide();
  video.freeze();
  await after(60_000);
  page.show();
  video.flow();
  await after(1_000);
  video.pause();
  await after(200);
  expect(page.latest.c.rebuffer_count).toBe(0);
  near(page.latest.c.playing_ms, 6_000, 450);
});

test('another source in the same element: the stretch ends where it was, the view goes on', async () => {
  const { page, video, handle, after } = session();
  video.play();
  await after(4_000);
  video.freeze();
  video.paused = true;
  video.jump(0);
  video.say('emptied');
  video.play(500);
  await after(2_500);
  video.pause();
  await after(200);
  expect(page.events(handle.viewId)).toHaveLength(page.events().length);
  near(stretches(page)[0]?.[1], 4_000, 210);
  near(stretches(page)[1]?.[1], 2_000, 50);
});

test('heartbeats every ten seconds while playing and starting, none while paused', async () => {
  const { page, video, after } = session();
  await after(60_000);
  const beats = (): number => page.events().filter((event) => event.type === 'heartbeat').length;
  expect(beats()).toBe(0);
  video.play(15_000);
  await after(15_500);
  expect(beats()).toBe(1);
  await after(20_000);
  expect(beats()).toBe(3);
  video.pause();
  await after(60_000);
  expect(beats()).toBe(3);
});

test('a page that plays the next video when it hears of the end, before we do, has seen the first one end', async () => {
  const video = new FakeVideo(3);
  video.addEventListener('ended', () => handle.changeVideo({ video_id: 'next' }));
  const { page, handle, after } = session({}, video);
  video.play(50);
  await after(4_000);
  expect(page.types().slice(0, 5)).toEqual(['viewinit', 'play', 'playing', 'ended', 'viewend']);
});
